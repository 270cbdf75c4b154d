"""The report in a few lines, for where there is no room for a page."""

from __future__ import annotations

from tasks.report import numbers
from tasks.report.figures import Comparison, Figures
from tasks.report.page import Words


def summary(figures: Figures, language: str) -> list[str]:
    """First whether the data can be trusted, then a line for each period."""
    words = Words(figures, language)
    return [words.state(), *(_line(words, figures, one, language) for one in figures.comparisons)]


def _line(words: Words, figures: Figures, one: Comparison, language: str) -> str:
    def money(value: object) -> str:
        return numbers.money(value, figures.currency, language)  # type: ignore[arg-type]

    ads = one.now.of_ads
    romi = "—" if ads.romi is None else words.signed(ads.romi)
    told = [
        f"{words.text('Чистая выручка')} {money(one.now.net)}",
        f"{words.text('Расход')} {money(one.now.spend)}",
        f"{words.text('ROMI рекламы')} {romi if ads.is_comparable else words.incomparable(ads)}",
    ]
    return f"{words.days(one.window)}: {', '.join(told)}"
