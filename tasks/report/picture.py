"""Net revenue and spend by day as a picture for a chat: PNG, drawn by Vega in this process, without a browser or a
network."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import altair as alt
import vl_convert

from tasks.translation import said

_WIDTH, _HEIGHT, _SCALE = 480, 240, 2
"""Pixels of a phone, each drawn twice as fine."""
_REVENUE, _SPEND = "#3b82c4", "#e0662b"
_LOCALES = {"ru": {"decimal": ",", "thousands": "\N{NO-BREAK SPACE}", "grouping": [3], "currency": ["", ""]}}


def days_picture(days: Sequence[tuple[date, Decimal, Decimal]], language: str) -> bytes:
    """Of each day net revenue, a bar, and spend, a line."""
    revenue, spend = said("Net revenue", language), said("Spend", language)
    names = [f"{day:%d.%m}" for day, *_ in days]
    rows = [
        {"day": name, "net": float(net), "spend": float(paid)}
        for name, (_, net, paid) in zip(names, days, strict=True)
    ]
    shown = names[:: -max(1, len(names) // 6)]
    colour = alt.Color(
        "what:N",
        title=None,
        scale=alt.Scale(domain=[revenue, spend], range=[_REVENUE, _SPEND]),
        legend=alt.Legend(orient="top", symbolType="square"),
    )
    base = alt.Chart(alt.Data(values=rows)).encode(  # type: ignore[no-untyped-call]
        x=alt.X("day:O", sort=names, title=None, axis=alt.Axis(values=shown, labelAngle=0))
    )
    y = alt.Axis(title=None, format=",d", tickCount=5, domain=False)
    bars = base.transform_calculate(what=f"'{revenue}'").mark_bar().encode(alt.Y("net:Q", axis=y), colour)
    line = (
        base.transform_calculate(what=f"'{spend}'")
        .mark_line(strokeWidth=3, point=len(rows) == 1)
        .encode(alt.Y("spend:Q", axis=y), colour)
    )
    chart = alt.layer(bars, line).properties(width=_WIDTH, height=_HEIGHT, background="white", padding=12)
    chart = chart.configure(font="DejaVu Sans, Arial, sans-serif").configure_view(stroke=None)
    drawn: bytes = vl_convert.vegalite_to_png(
        chart.configure_axis(labelFontSize=13).configure_legend(labelFontSize=14).to_dict(),
        scale=_SCALE,
        format_locale=_LOCALES.get(language),
        allowed_base_urls=[],
    )
    return drawn
