"""The pictures of the report, drawn by Vega in this process as SVG, without a browser or a network.

Each is drawn for a wide page and for a phone. Colours are names of the page's style, so that one drawing is right
in light and dark. What is drawn is rounded to what a pixel shows; the tables beside it have the figures.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

import altair as alt
import vl_convert
from markupsafe import Markup

from tasks.report.figures import Figures, Line, Row
from tasks.report.numbers import THIN, day, unit_of

WIDE, NARROW = 940, 346
"""Pixels of the whole picture, about as many as the page gives it: its letters are as large as the page's."""
_LEVELS = {"green": "var(--good)", "yellow": "var(--mid)", "red": "var(--bad)", "none": "var(--muted)"}
_LOCALES = {
    "ru": {"decimal": ",", "thousands": THIN, "grouping": [3], "currency": ["", ""], "minus": "\N{MINUS SIGN}"},
    "en": {"decimal": ".", "thousands": THIN, "grouping": [3], "currency": ["", ""], "minus": "\N{MINUS SIGN}"},
}
_CONFIG: dict[str, Any] = {
    "background": "transparent",
    # What a mark says to a screen reader would repeat names and roundings: the tables say it right.
    "aria": False,
    "font": "sans-serif",
    "view": {"stroke": None},
    "axis": {
        "labelColor": "var(--muted)", "titleColor": "var(--muted)", "gridColor": "var(--line)", "domain": False,
        "ticks": False, "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal", "labelPadding": 6,
        "gridDash": [2, 3],
    },
}  # fmt: skip
_ROW = 26
"""Pixels of a bar with the space around it."""


Drawing = alt.LayerChart | alt.FacetChart


@dataclass(frozen=True)
class Picture:
    wide: Markup
    narrow: Markup


def _picture(draw: Callable[[int], Drawing], language: str) -> Picture:
    return Picture(*(_svg(draw(width), language) for width in (WIDE, NARROW)))


def _svg(chart: Drawing, language: str) -> Markup:
    spec = chart.configure(**_CONFIG).properties(autosize={"type": "fit", "contains": "padding"})
    drawn: str = vl_convert.vegalite_to_svg(spec.to_dict(), format_locale=_LOCALES[language], allowed_base_urls=[])
    # Whatever text is in it Vega has escaped.
    return Markup(drawn)  # noqa: S704


def days_chart(figures: Figures, language: str) -> Picture | None:
    """Net revenue as bars, spend as a line over them."""
    largest = largest_of_days(figures)
    if not largest:
        return None
    size, _ = unit_of(largest, language)
    labels = {f"{row['d']}": day(row["d"], language, figures.window.last.year) for row in figures.days}
    rows: list[dict[str, Any]] = [
        {"day": f"{row['d']}", "net": float(row["net"] / size), "spend": float(row["spend"] / size)}
        for row in figures.days
    ]

    def draw(width: int) -> Drawing:
        shown = rows[-1 :: -math.ceil(len(rows) * 62 / width)]
        axis = alt.Axis(
            values=[row["day"] for row in shown], labelAngle=0, title=None, grid=False, labelOverlap=True,
            labelExpr=f"{json.dumps(labels)}[datum.value]",
        )  # fmt: skip
        base = _chart(rows).encode(x=alt.X("day:O", axis=axis, scale=alt.Scale(paddingInner=0.25)))
        y = alt.Axis(title=None, tickCount=4, format="~r")
        bars = base.mark_bar(color="var(--revenue)", cornerRadiusEnd=2).encode(y=alt.Y("net:Q", axis=y))
        line = base.mark_line(color="var(--spend)", strokeWidth=2.5, interpolate="monotone", point=len(rows) == 1)
        return alt.layer(bars, line.encode(y=alt.Y("spend:Q", axis=y))).properties(width=width, height=240)

    return _picture(draw, language)


def largest_of_days(figures: Figures) -> Decimal:
    return max((abs(one[name]) for one in figures.days for name in ("net", "spend")), default=Decimal(0))


def cities_chart(figures: Figures, name_of: Callable[[Line], str], language: str) -> Picture | None:
    """Net revenue of each city that had any advertising as a bar of its level's colour, and a mark at its spend."""
    told = [line for line in figures.cities if line.sums.spend]
    if not told:
        return None
    size, _ = unit_of(largest_of(told), language)
    rows = [
        {"n": n, "net": float(one.sums.net / size), "spend": float(one.sums.spend / size), "level": one.level}
        for n, one in enumerate(told)
    ]
    names = [name_of(line) for line in told]

    def draw(width: int) -> Drawing:
        base, along = _chart(rows).encode(y=_names(names, width)), partial(_along, width)
        scale = alt.Scale(domain=list(_LEVELS), range=list(_LEVELS.values()))
        colour = alt.Color("level:N", scale=scale, legend=None)
        bars = base.mark_bar(cornerRadiusEnd=2, height=14).encode(x=along("net"), color=colour)
        marks = base.mark_tick(color="var(--ink)", thickness=2.5, size=20, opacity=1).encode(x=along("spend"))
        return alt.layer(bars, marks).properties(width=width, height=_ROW * len(rows) + 30)

    return _picture(draw, language)


def largest_of(lines: Sequence[Line]) -> Decimal:
    return max((abs(money) for line in lines for money in (line.sums.net, line.sums.spend)), default=Decimal(0))


def shows_chart(lines: Sequence[Line], name_of: Callable[[Row, bool], str], language: str) -> Picture | None:
    """Each coming show: its seats behind, the tickets that are sold before them, a mark at what comparable shows
    had sold by the end of yesterday, and the range in which it may end. `name_of`: a show, and whether there is
    little room."""
    shows = [line.row for line in lines if line.row is not None]
    if not shows:
        return None
    rows = [
        {
            "n": n, "tickets": row["tickets"], "seats": row["seats_total"], "usual": row["usual"],
            "from": row["tickets_p25"], "to": row["tickets_p75"], "likely": row["tickets_p50"],
            "is_slow": is_slow(row),
        }
        for n, row in enumerate(shows)
    ]  # fmt: skip

    def draw(width: int) -> Drawing:
        names = [name_of(row, width == NARROW) for row in shows]
        base, along = _chart(rows).encode(y=_names(names, width)), partial(_along, width)
        colour = alt.condition("datum.is_slow", alt.value("var(--bad)"), alt.value("var(--revenue)"))
        return alt.layer(
            base.mark_bar(color="var(--line)", height=16, cornerRadiusEnd=2).encode(x=along("seats")),
            base.mark_bar(height=16, cornerRadiusEnd=2).encode(x=along("tickets"), color=colour),
            base.mark_rule(color="var(--spend)", strokeWidth=2).encode(x=along("from"), x2="to:Q"),
            base.mark_point(color="var(--spend)", filled=True, size=46, opacity=1).encode(x=along("likely")),
            base.mark_tick(color="var(--ink)", thickness=2.5, size=22, opacity=1).encode(x=along("usual")),
        ).properties(width=width, height=(_ROW + 4) * len(rows) + 30)

    return _picture(draw, language)


def is_slow(show: Row) -> bool:
    """Three of four comparable shows had sold more by the end of yesterday, as in `sql/attention/slow_show.sql`."""
    return show["usual_p25"] is not None and show["by_yesterday"] < show["usual_p25"]


def _chart(rows: list[dict[str, Any]]) -> alt.Chart:
    return alt.Chart(alt.Data(values=rows))  # type: ignore[no-untyped-call]


def _names(names: Sequence[str], width: int) -> alt.Y:
    """An axis of names. Vega does not know the reader's letters, so there is room for wide ones."""
    most = width * (0.42 if width == WIDE else 0.48)
    room = min(max(map(len, names)) * 7.6, most)
    scale = alt.Scale(domain=[*range(len(names))])
    return alt.Y("n:O", scale=scale, axis=alt.Axis(
        title=None, grid=False, labelColor="var(--ink)", minExtent=room, maxExtent=room, labelLimit=room * 0.86,
        labelExpr=f"{json.dumps(names)}[datum.value]",
    ))  # fmt: skip


def _along(width: int, name: str) -> alt.X:
    ticks = 4 if width == WIDE else 2  # Vega reserves too little room for labels that are side by side.
    return alt.X(f"{name}:Q", axis=alt.Axis(title=None, tickCount=ticks, format="~r", labelOverlap=True))
