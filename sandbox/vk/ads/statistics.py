"""Statistics v2: rows by day or a total of all time, for up to 200 objects of one level."""

from __future__ import annotations

from datetime import date

from sandbox.vk.ads.metrics import known_sets, row
from sandbox.vk.ads.parameters import Parameters
from sandbox.vk.ads.period import Period, check_attribution, chosen, ids_of, period_of
from sandbox.vk.ads.switches import Switches
from sandbox.vk.cabinet import Cabinet
from sandbox.vk.objects import NOTHING, Figures
from sandbox.vk.wire import Document, money, percent, ratio

_GOALS = {"conversion_type": "postclick", "source": "mobile", "goal": "buy", "counter_id": 3_100_200}


def by_day(level: str, parameters: Parameters, cabinet: Cabinet, switches: Switches) -> Document:
    """A row for every day of the period, also for those without a single impression."""
    ids = ids_of(level, parameters, cabinet, switches)
    period = period_of(parameters, cabinet, switches)
    check_attribution(parameters)
    return _answer(level, ids, period, parameters, cabinet, switches)


def summary(level: str, parameters: Parameters, cabinet: Cabinet, switches: Switches) -> Document:
    """Of all time: dates and attribution mean nothing here."""
    ids = ids_of(level, parameters, cabinet, switches)
    return _answer(level, ids, None, parameters, cabinet, switches)


def goals_by_day(level: str, parameters: Parameters, cabinet: Cabinet, switches: Switches) -> Document:
    """One goal a day, where there was one; ``conversion_type`` other than postclick has none."""
    ids = ids_of(level, parameters, cabinet, switches)
    period = period_of(parameters, cabinet, switches)
    check_attribution(parameters)
    clicked = (parameters.get("conversion_type") or "postclick") in ("postclick", "total")
    items = []
    for wanted in ids:
        figures = cabinet.figures(level, wanted) if clicked else {}
        rows = [{"date": day.isoformat(), "goals": _goals(figures.get(day, NOTHING))} for day in period.days()]
        items.append({"id": wanted, "rows": rows, "total": {"goals": _goals(_sum(figures, period))}})
    return {"items": items}


def _answer(
    level: str,
    ids: list[int],
    period: Period | None,
    parameters: Parameters,
    cabinet: Cabinet,
    switches: Switches,
) -> Document:
    wanted = chosen(parameters, "metrics", known_sets())
    items: list[Document] = []
    overall = NOTHING
    for object_id in ids:
        figures = cabinet.figures(level, object_id)
        total = _sum(figures, period)
        overall += total
        if switches.omits_undelivered and not total.shows:
            continue
        item: Document = {"id": str(object_id) if switches.ids_as_text else object_id}
        item["total"] = row(total, wanted, switches)
        if period is not None:
            item["rows"] = _rows(figures, period, wanted, switches)
        items.append(item)
    return {"items": items, "total": row(overall, wanted, switches)}


def _rows(figures: dict[date, Figures], period: Period, wanted: list[str], switches: Switches) -> list[Document]:
    return [{"date": day.isoformat(), **row(figures.get(day, NOTHING), wanted, switches)} for day in period.days()]


def _sum(figures: dict[date, Figures], period: Period | None) -> Figures:
    inside = (value for day, value in figures.items() if period is None or period.first <= day <= period.last)
    return sum(inside, NOTHING)


def _goals(figures: Figures) -> list[Document]:
    if not figures.goals:
        return []
    rates = {
        "count": figures.goals,
        "cr": percent(figures.goals, figures.clicks),
        "cpa": ratio(figures.spent, figures.goals),
        "value": money(NOTHING.spent),
        "romi": 0,
        "adv_cost_share": 0,
    }
    return [{**_GOALS, **rates}]
