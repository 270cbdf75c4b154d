"""The report as one HTML page that asks nothing of anybody: `page.html.jinja`, filled. Names of campaigns and
events are text in it, whatever they hold."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from tasks.harmless import LONGEST_VALUE, for_terminal
from tasks.quality.checks import Finding
from tasks.quality.findings import Kept
from tasks.quality.words import city_name, who
from tasks.report import charts, numbers
from tasks.report.english import ENGLISH
from tasks.report.figures import MOST, Figures, Line, Row, Sums
from tasks.window import MOSCOW, Window


def render(figures: Figures, language: str) -> str:
    """The page in `ru` or `en`."""
    words = Words(figures, language)
    env = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.install_gettext_callables(  # type: ignore[attr-defined]
        words.text, lambda one, _many, _n: words.text(one), newstyle=False
    )
    env.filters |= words.filters()
    drawn = {
        "days_chart": charts.days_chart(figures, language),
        "cities_chart": charts.cities_chart(figures, words.city, language),
        "shows_chart": charts.shows_chart(figures.shows, words.show_in_short, language),
    }
    return env.get_template("page.html.jinja").render(
        f=figures,
        language=language,
        most=MOST,
        currency=numbers.sign_of(figures.currency),
        state_in_words=words.state(),
        days_unit=words.unit(charts.largest_of_days(figures)),
        cities_unit=words.unit(charts.largest_of([line for line in figures.cities if line.sums.spend])),
        **drawn,
    )


class Words:
    """How figures and names are written on this page."""

    def __init__(self, figures: Figures, language: str) -> None:
        self._figures, self._language = figures, language
        self._year = figures.window.last.year

    def text(self, russian: str) -> str:
        """Of the template; what is not translated fails a test, and no page."""
        return russian if self._language == "ru" else ENGLISH.get(russian, russian)

    def filters(self) -> dict[str, Any]:
        names = """
            money kopecks count plain percent signed change day days weekday instant source campaign city show said
            advice level incomparable besides period code pace pace_level safe_text
        """.split()
        return {name.removeprefix("safe_"): getattr(self, name) for name in names}

    def state(self) -> str:
        """Whether the figures can be trusted, in a sentence."""
        state = self._figures.state
        if state.since is None:
            return self.text("Данных ещё нет")
        if state.broken:
            return self.text("Цифры могут быть неверны")
        is_well = state.level == "green"
        return self.text("Данные свежие, проверки сошлись" if is_well else "Есть замечания к данным")

    def money(self, value: Decimal) -> Markup:
        """Rounded for the eye, exact for whoever points at it or reads it by a program."""
        whole = numbers.money(value, self._figures.currency, self._language)
        return Markup('<data value="{}" title="{}">{}</data>').format(value, self.kopecks(value), whole)

    def kopecks(self, value: Decimal) -> str:
        return numbers.money(value, self._figures.currency, self._language, 2)

    def count(self, value: int) -> Markup:
        return Markup('<data value="{}">{}</data>').format(value, numbers.number(value, self._language))

    def plain(self, value: Decimal | int) -> str:
        return numbers.number(value, self._language)

    def percent(self, share: float | Decimal) -> str:
        return numbers.percent(share, self._language)

    def signed(self, share: float | Decimal) -> str:
        return numbers.percent(share, self._language, signed=True)

    def change(self, now: Decimal | int, earlier: Decimal | int) -> Decimal | None:
        """By which share; None where there was nothing to compare with."""
        return (Decimal(now) - Decimal(earlier)) / Decimal(earlier) if earlier > 0 else None

    def day(self, value: Any) -> str:
        return numbers.day(value, self._language, self._year)

    def days(self, window: Window) -> str:
        return numbers.days(window, self._language, self._year)

    def weekday(self, window: Window) -> str:
        return self.text(("пн", "вт", "ср", "чт", "пт", "сб", "вс")[window.first.weekday()])

    def instant(self, value: Any) -> str:
        local = value.astimezone(MOSCOW)
        return f"{self.day(local.date())} {local:%H:%M}"

    def unit(self, largest: Decimal) -> str:
        """Of a chart's axis."""
        word = numbers.unit_of(largest, self._language)[1]
        return f"{word} {numbers.sign_of(self._figures.currency)}".strip()

    def source(self, name: str) -> str:
        return self.text("без меток рекламы") if name == "other" else self.safe_text(who(name, "", self._language))

    def campaign(self, row: Row) -> str:
        if not row["campaign_id"]:
            return self.text("билеты, чьи метки не подошли ни к одной кампании")
        return self.safe_text(row["campaign_name"]) or str(row["campaign_id"])

    def city(self, line: Line) -> str:
        if line.row is None:
            return self.text("остальные") + f" ({line.others})"
        return self.place(line.row["city"]) or self.text("без города")

    def place(self, name: str) -> str:
        return city_name(self.safe_text(name))

    def show(self, row: Row) -> str:
        return ", ".join(filter(None, (self.safe_text(row["event_name"]), self.place(row["city"]))))

    def show_in_short(self, row: Row, is_narrow: bool) -> str:
        """With what tells the shows of a tour apart first, since the end may be cut."""
        day, city, event = self.day(row["show_date"]), self.place(row["city"]), self.safe_text(row["event_name"])
        return " ".join(filter(None, (day, city, "" if city and is_narrow else event)))

    def pace(self, row: Row) -> Decimal | None:
        return Decimal(row["by_yesterday"]) / Decimal(str(row["usual"])) - 1 if row["usual"] else None

    def pace_level(self, row: Row) -> str:
        return "red" if charts.is_slow(row) else "green" if row["by_yesterday"] >= row["usual"] else "yellow"

    def said(self, one: Kept | Finding) -> str:
        return self.safe_text(one.what_ru if self._language == "ru" else one.what)

    def advice(self, one: Finding) -> str:
        return one.check.do_ru if self._language == "ru" else one.check.do

    def level(self, sums: Sums) -> str:
        words = {"green": "зарабатывает", "yellow": "окупается", "red": "в минус", "none": "без расхода"}
        return self.text(words[sums.level])

    def incomparable(self, sums: Sums) -> str:
        """Instead of a ROMI, which would leave out revenue in another currency."""
        own, other = numbers.sign_of(self._figures.currency), ", ".join(sums.currencies)
        return self.text("продажи в {other}, в {own} не сравнить").format(other=other, own=own)

    def besides(self, sums: Sums) -> str:
        n = numbers.number(sums.foreign, self._language)
        return self.text("ещё билетов в {other}: {n}").format(other=", ".join(sums.currencies), n=n)

    def period(self, name: str) -> str:
        words = {
            "early": "раньше чем за 30 дней",
            "month": "за 8–30 дней",
            "week": "за 2–7 дней",
            "last": "за день или в день концерта",
            "after": "после концерта",
            "unknown": "день концерта неизвестен",
        }
        return self.text(words[name])

    def code(self, row: Mapping[str, Any]) -> str:
        words = {
            "personal": "личные коды",
            "unknown": "коды, которых источник больше не называет",
            "discount": "скидки без кода",
            "others": "остальные",
        }
        return self.safe_text(row["code"]) if row["kind"] == "code" else self.text(words[row["kind"]])

    def safe_text(self, text: str) -> str:
        """Without what would turn or hide the text beside it; markup is text by the template's escaping."""
        return for_terminal(text, LONGEST_VALUE).strip()
