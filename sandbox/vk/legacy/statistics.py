"""ads.getStatistics by day: what did not happen is left out, days and metrics alike."""

from __future__ import annotations

from datetime import date

from sandbox.vk.cabinet import AD_PLANS, BANNERS, USERS, Cabinet
from sandbox.vk.legacy import errors
from sandbox.vk.legacy.switches import Switches
from sandbox.vk.objects import A_ROUBLE, Figures
from sandbox.vk.wire import Document, in_kopecks

_MAX_IDS = 2000
_LEVELS = {"ad": BANNERS, "campaign": AD_PLANS, "office": USERS}


def statistics(arguments: dict[str, str], cabinet: Cabinet, switches: Switches) -> list[Document]:
    """There is no level of ad groups and no choice of metrics."""
    level = _LEVELS.get(arguments.get("ids_type", ""))
    if level is None:
        raise errors.invalid("ids_type")
    if level == USERS and switches.account_totals == "refused":
        raise errors.LegacyError(errors.NO_PERMISSION)
    if arguments.get("period") != "day":
        raise errors.invalid("period")
    texts = arguments.get("ids", "").split(",")
    if len(texts) > _MAX_IDS or not all(text.isdecimal() for text in texts):
        raise errors.invalid("ids")
    first, last = _day(arguments, "date_from"), _day(arguments, "date_to")
    ids, known = list(dict.fromkeys(map(int, texts))), set(cabinet.known(level))
    if switches.unknown_ids_fail and not set(ids) <= known:
        raise errors.invalid("ids")
    answer = []
    for wanted in (wanted for wanted in ids if wanted in known):
        days = sorted(cabinet.figures(level, wanted).items())
        if level == USERS and switches.account_totals == "wrong":
            days = [(day, one + A_ROUBLE if one.spent else one) for day, one in days]
        rows = [_row(day, figures, switches) for day, figures in days if first <= day <= last and figures.shows]
        if rows or not switches.unsold_absent:
            item: Document = {"id": wanted, "type": arguments["ids_type"]}
            if switches.statistics != "absent":
                item["stats"] = rows if switches.statistics == "rows" else []
            answer.append(item)
    return answer


def _day(arguments: dict[str, str], name: str) -> date:
    try:
        return date.fromisoformat(arguments.get(name, ""))
    except ValueError as error:
        raise errors.invalid(name) from error


def _row(day: date, figures: Figures, switches: Switches) -> Document:
    spent = in_kopecks(figures.spent)
    metrics: Document = {
        "spent": (float(spent) if switches.spent_as_number else str(spent)) if spent else None,
        "impressions": str(figures.shows) if switches.impressions_as_text else figures.shows,
        "clicks": figures.clicks,
        "conversion_count": figures.goals,
    }
    return {"day": str(day), **{name: value for name, value in metrics.items() if value}}
