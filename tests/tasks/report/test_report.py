"""The report is right, whatever the warehouse holds, and in a real browser it is whole, readable and asks nobody."""

import re
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client
from jinja2 import Environment

from tasks.errors import ReportError
from tasks.load.sql import sql_text
from tasks.report import page as page_module
from tasks.report.english import ENGLISH
from tasks.report.figures import Figures, Line, Sums, figures
from tasks.report.page import render
from tasks.report.place import ReportPlace
from tasks.report.summary import summary
from tasks.window import moscow_today
from tests.quality.healthy import Lines, set_references, warehouse_in
from tests.tasks.load.engines import emptied, rows

NASTY = """<script>alert(1)</script> "Ночь" 'балета' {{ 7*7 }} & 🎻\u202e %(x)s \\"""
MADE_UP = "Выдуманные данные (песочница)"
Report = Callable[..., Figures]
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with warehouse_in(tmp_path_factory.mktemp("report"), references=False) as client:
        yield client


@pytest.fixture
def report_of(client: Client, make_settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Report:
    """The figures of a world: the names of what is in it."""
    monkeypatch.setattr("tasks.settings.HOME", tmp_path)

    def make(*parts: str) -> Figures:
        now = datetime.now(UTC)
        fill(client, moscow_today(now), parts)
        return figures(client, make_settings(), now, moscow_today(now), 30)

    return make


def fill(client: Client, today: date, parts: tuple[str, ...]) -> None:  # noqa: PLR0912
    emptied(client)
    set_references(client)
    lines = Lines()
    ago = lambda days: today - timedelta(days=days)  # noqa: E731

    def show(event: int, on: date, city: str, **more: object) -> None:
        lines.show(event, on, city, **more)
        seats = {"seats_total": 120, "seats_sold": 30, "seats_free": 90}
        lines["fact_show_seats_daily"].append({"show_id": event, "day": min(on, today)} | seats)

    if "yesterday" in parts:
        lines["dim_events"].append({"event_id": 5, "event_name": "Первый", "city": "пермь", "currency": "RUB"})
        lines.sell(5, ago(1), 2, "1000.10", show_id=0)
    if "shows" in parts:
        lines.sell(99, ago(600), 1, "1.00")
        for n in range(1, 8):
            show(n, ago(15 * n), "москва")
            for days in range(0, 40, 2):
                lines.sell(n, ago(15 * n + days), 4, "4000.05")
        for n, city in ((11, "москва"), (12, "ростов-на-дону"), *((n, "тула") for n in range(20, 40))):
            show(n, ago(-n), city, event_name=NASTY if n == 11 else f"Тур {n}")
            for days in range(1, 31):
                tags = {"utm_source": "vk", "utm_campaign": str(days)} if n == 12 else {}
                lines.sell(n, ago(days), 1 if n == 11 else 3, "1234.56", **tags)
        given_back = {"refunded_amount": "1234.56", "refunded_at": f"{ago(2)} 12:00:00.000", "state": "refunded"}
        lines.sell(12, ago(3), 1, "1234.56", **given_back)
        lines.sell(12, ago(3), 1, "1000.00", promo_code_id=1, discount="234.56")
        lines["dim_promo_codes"].append({"promo_code_id": 1, "code": "<b>ЛЕТО"})
        lines.sell(11, today, 5, "1234.56")
    if "ads" in parts:
        for n in range(1, 301):
            of = {"ad_id": n, "utm_campaign": str(n), "utm_city": ("москва", "тула", "")[n % 3], "clicks": 1}
            of |= {"campaign_name": NASTY} if n == 300 else {}
            for days in (1, 9, 75):
                lines.spend(n, ago(days), f"{n}.33", **of)
    if "sandbox" in parts or "real" in parts:
        host = "localhost:8001" if "sandbox" in parts else "qtickets.ru"
        lines["meta_accounts"].append({"source": "qtickets", "address": f"http://{host}/api/rest/v1"})
    if "abroad" in parts:  # Most of what 901 sells is not in roubles, of 902 a little.
        for event, city, currency in ((60, "алматы", "KZT"), (61, "казань", "RUB")):
            show(event, ago(-9), city, currency=currency)
            for number, quantity in ((901, 49), (902, 1)) if event == 60 else ((901, 2), (902, 20)):
                of = {"currency": currency, "utm_source": "vk", "utm_campaign": str(number)}
                lines.sell(event, ago(1), quantity, "9000.00", **of)
            lines.spend(841 + event, ago(1), "10042.00", utm_campaign=str(841 + event), utm_city=city)
        lines.sell(60, ago(3), 7, "9000.00", currency="KZT")  # On a day without anything else.
    hour_ago = f"{datetime.now(UTC) - timedelta(hours=1):%Y-%m-%d %H:%M:%S.000}"
    if "late" not in parts:
        for job in ("qtickets_loader", "vk_ads_loader", "direct_loader"):
            run = {"job": job, "run_id": job, "status": "success", "started_at": hour_ago, "finished_at": hour_ago}
            lines["meta_job_runs"].append(run)
        lines["meta_quality_checks"].append(
            {"check_name": "c", "run_id": "r", "checked_at": hour_ago, "day": today}
        )
    if "broken" in parts:
        finding = {"check_name": "totals_sales", "finding": "k", "opened_at": hour_ago, "seen_at": hour_ago}
        words = {"what": f"lost {NASTY}", "what_ru": f"потеряно {NASTY}", "money": "12.34"}
        lines["meta_findings"].append(finding | words | {"status": "open", "severity": "fail", "story": "exact"})
    lines.put(client)


@pytest.mark.parametrize(
    ("parts", "said", "unsaid"),
    [
        ("", ["Данных ещё нет", "Будущих концертов нет.", "Рекламы ещё нет."], ["<svg", MADE_UP]),
        ("ads", ["Будущих концертов нет.", "остальные", "в минус", "Данные свежие"], ["сравнить не с чем"]),
        ("shows real", ["метки не подошли ни к одной", "&lt;b&gt;ЛЕТО"], ['id="cities-chart"', MADE_UP]),
        ("yesterday late broken sandbox",
         ["Цифры могут быть неверны", "потеряно &lt;script&gt;", '"1000.10"', "сравнить не с чем", "ещё не загружен",
          "Данные ещё не проверялись.", "Рекламы ещё нет.", "Возвратов нет.", MADE_UP], ["Данные свежие"]),
    ],
)  # fmt: skip
def test_the_page_is_right(report_of: Report, parts: str, said: list[str], unsaid: list[str]) -> None:
    made = report_of(*parts.split())
    text = render(made, "ru")
    assert [words for words in said if words not in text] == []
    assert [words for words in (*unsaid, "<script", ">None") if words in text] == []
    assert len(text.encode()) < 2_000_000 and len(summary(made, "ru")) == 4


def test_every_word_is_translated_and_none_in_vain() -> None:
    page, *code = (
        (Path(page_module.__file__).parent / name).read_text("utf-8")
        for name in ("page.html.jinja", "page.py", "summary.py")
    )
    found = Environment(extensions=["jinja2.ext.i18n"]).extract_translations(page)
    texts = {text for _, _, text in found if isinstance(text, str)}
    texts |= {*re.findall(r'"([^"\n]*[а-яё][^"\n]*)"', code[0]), *re.findall(r"text\('([^']*)'\)", code[1])}
    assert texts == set(ENGLISH)
    assert not [text for text in ENGLISH.values() if re.search("[а-яё]", text, re.I)]


def test_figures_are_those_of_the_views_and_lines_add_up(report_of: Report, client: Client) -> None:
    made = report_of("shows", "ads")
    first, last = made.window.first, made.window.last
    sums = "SELECT sum(tickets_sold) AS t, sum(net_revenue) AS n, sum(spend_total) AS s FROM"
    total = _one(client, f"{sums} v_marketing_daily WHERE d BETWEEN '{first}' AND '{last}'")
    assert [_plain(made.total), _added(made.sources), _added(made.cities)] == [total] * 3
    assert total[2] == 2 * (sum(range(1, 301)) + 300 * Decimal("0.33"))
    whole = _one(client, f"{sums} v_campaign_performance WHERE source != 'other'")
    assert [_plain(made.campaigns_total), _added(made.campaigns)] == [whole] * 2
    assert made.campaigns_recent == sum(line.recent for line in made.campaigns) == total[2] == whole[2] / 3 * 2
    _, net, spend = _added(made.yesterday)
    of_day = made.comparisons[0].now
    assert (net, spend, sum(line.clicks for line in made.yesterday)) == (of_day.tagged, of_day.spend, 300)
    for one in made.comparisons:
        its_days = f"{sums} v_marketing_daily WHERE d BETWEEN '{one.window.first}' AND '{one.window.last}'"
        assert _plain(one.now) == _one(client, its_days)
        assert one.now.tagged == _one(client, f"{its_days} AND source != 'other'")[1]
        assert one.earlier_window.last == one.window.first - timedelta(days=1)
        assert one.earlier_window.days == one.window.days
    (forecast,) = _one(client, "SELECT sum(tickets) AS n FROM v_show_forecast")
    assert sum(line.sums.tickets for line in made.shows) == forecast
    (today,) = (row for line in made.shows if (row := line.row) and row["event_id"] == 11)
    assert (today["tickets"], today["by_yesterday"]) == (35, 30)
    fits_none = f"FROM v_ad_shows WHERE event_id = 0 AND stat_date BETWEEN '{first}' AND '{last}'"
    assert 0 < sum(row["spent"] for row in made.unmatched) == _one(client, f"SELECT sum(spend) AS s {fits_none}")[0]
    assert [(row["tickets"], row["amount"]) for row in made.refunds] == [(1, Decimal("1234.56"))]
    codes = [tuple(map(str, (row["code"], row["tickets"], row["net"], row["given"]))) for row in made.promo_codes]
    assert codes == [("<b>ЛЕТО", "1", "1000.00", "234.56")]


def test_what_sells_in_another_currency_is_not_judged(report_of: Report, client: Client) -> None:
    """By hand: 50 tickets of 72 are in tenge, all of Almaty; 49 by the tags of one campaign, one by another's."""
    made = report_of("abroad")
    told = lambda lines, name: {one.row[name]: (one.sums.foreign, one.sums.level) for one in lines}  # noqa: E731
    assert told(made.cities, "city") == {"алматы": (57, "none"), "казань": (0, "green")}
    assert told(made.campaigns, "campaign_id") == {901: (49, "none"), 902: (1, "red")}
    assert told(made.sources, "source") == {"vk_ads": (50, "none")}
    of_day = made.comparisons[0].now
    assert (of_day.foreign, of_day.romi, of_day.of_ads.romi, made.total.romi) == (50, None, None, None)
    show = "SELECT romi FROM v_show_economics WHERE event_id = 60 AND spend_total != 0"
    assert (made.total.foreign, rows(client, show)) == (57, [{"romi": None}])
    text = render(made, "ru")
    for table, rows_told in (("sources", 3), ("cities", 2), ("campaigns", 2)):
        (part,) = re.findall(rf'(?s)<table id="{table}">.*?</table>', text)
        assert part.count("продажи в KZT, в ₽ не сравнить") == rows_told and "\N{MINUS SIGN}100" not in part
    assert "ещё билетов в KZT: 1" in text
    assert "продажи в KZT, в ₽ не сравнить" in summary(made, "ru")[1]


def test_days_of_campaigns_add_up_to_what_each_brought(report_of: Report, client: Client) -> None:
    """The report and the view have the same rules for whose campaign a ticket is."""
    ever = sql_text("report/campaign_days.sql")
    for place, day in (("{first:Date}", "2020-01-01"), ("{last:Date}", "2099-01-01")):
        ever = ever.replace(place, f"toDate('{day}')")
    names = "SELECT source, account, campaign_id, campaign_name, clicks"
    view = "tickets_sold AS tickets, net_revenue AS net, spend_total AS spend FROM v_campaign_performance"
    for parts, number in ((("shows", "ads"), 300), (("shows",), 1)):
        report_of(*parts)
        by_day = rows(client, f"{names}, tickets, net, spend FROM ({ever}) ORDER BY ALL")
        assert (len(by_day), sum(int(row["tickets"]) for row in by_day) > 0) == (number, True)
        assert by_day == rows(client, f"{names}, {view} WHERE source != 'other' ORDER BY ALL")


def _plain(sums: Sums) -> tuple[Decimal, ...]:
    return Decimal(sums.tickets), sums.net, sums.spend


def _added(lines: list[Line]) -> tuple[Decimal, ...]:
    return tuple(sum(column, Decimal(0)) for column in zip(*(_plain(line.sums) for line in lines), strict=True))


def _one(client: Client, sql: str) -> tuple[Decimal, ...]:
    (row,) = rows(client, sql)
    return tuple(Decimal(str(value)) for value in row.values())


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")
def test_a_browser_shows_all_of_it_and_asks_nobody(report_of: Report, tmp_path: Path) -> None:
    playwright = pytest.importorskip("playwright.sync_api")
    made = report_of("shows", "ads", "broken")
    seen_there = (Path(__file__).parent / "seen.js").read_text("utf-8")
    said: list[str] = []
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for language, scheme, width in (("ru", "light", 1100), ("ru", "dark", 390), ("en", "light", 390)):
            (tmp_path / "page.html").write_text(render(made, language), "utf-8")
            page = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 800}).new_page()
            page.on("console", lambda one: said.append(one.text))
            page.on("pageerror", lambda one: said.append(str(one)))
            page.on("dialog", lambda one: said.append(one.message))
            page.on("request", lambda one: said.append(one.url))
            page.goto(f"file://{tmp_path}/page.html")
            seen = page.evaluate(seen_there)
            assert said == [f"file://{tmp_path}/page.html"]
            said.clear()
            assert (seen["pale"], seen["hidden"], seen["width"]) == ([], [], width)
            assert seen["charts"].keys() == {"days-chart", "cities-chart", "shows-chart"}
            assert seen["charts"]["days-chart"] > 30 and min(seen["charts"].values()) > 2
            assert seen["cards"] == [str(one.now.net) for one in made.comparisons]
            for name, cells in seen["tables"].items():
                spend, net, tickets, *_ = zip(*(row[name == "campaigns" :] for row in cells), strict=False)
                found = [sum(map(Decimal, column)) for column in (tickets, net, spend)]
                assert found == [*_added(getattr(made, name))], name
            assert "<script>alert(1)</script> \"Ночь\" 'балета' {{ 7*7 }} & 🎻" in seen["text"]
        browser.close()


def test_a_place_keeps_each_day_and_the_newest_and_tells_no_key(tmp_path: Path) -> None:
    place = ReportPlace(f"file://{tmp_path}/reports")
    assert place.newest() is None
    day = date(2026, 3, 14)
    assert place.write("старое", day).endswith("/report-2026-03-14.html")
    place.write("новое", day + timedelta(days=1))
    assert place.newest() == "новое".encode()
    assert (tmp_path / "reports" / "report-2026-03-14.html").read_text("utf-8") == "старое"
    assert (tmp_path / "reports").stat().st_mode & 0o077 == 0
    with pytest.raises(ReportError, match="REPORT_URL") as refused:
        ReportPlace("nosuch://key:secret@host/reports?token=t")
    assert "secret" not in str(refused.value) and "token" not in str(refused.value)
