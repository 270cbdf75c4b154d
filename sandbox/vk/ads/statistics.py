"""Statistics by day of ads, or of the whole account: what may be asked for, and the figures.

Types as captured or in the vendor's sample: counts are int, money is text with two places (``"0"`` for nothing).
"""

from __future__ import annotations

from datetime import date, timedelta

from sandbox.vk.ads import errors
from sandbox.vk.ads.switches import Switches
from sandbox.vk.cabinet import BANNERS, USERS, Cabinet
from sandbox.vk.objects import A_ROUBLE, NOTHING, Figures
from sandbox.vk.wire import Document, Parameters, money

LEVELS = (BANNERS, USERS)
_MOST_IDS, _MOST_DAYS = 200, 366


def by_day(level: str, cabinet: Cabinet, parameters: Parameters, switches: Switches) -> Document:
    """A row for every day of the period, also for those without a single impression."""
    if level == USERS and switches.account_totals == "refused":
        raise errors.access_denied()
    ids = _ids(level, parameters, cabinet)
    days = _days(parameters, cabinet)
    if parameters.list("metrics") != ["base"]:
        raise errors.statistics_error("WRONG_PARAMETER", "The sandbox has the metrics of base alone")
    items: list[Document] = []
    overall = NOTHING
    for object_id in ids:
        known = cabinet.figures(level, object_id)
        if level == USERS and switches.account_totals == "wrong":
            known = {day: one + A_ROUBLE if one.spent else one for day, one in known.items()}
        figures = {day: known.get(day, NOTHING) for day in days}
        total = sum(figures.values(), NOTHING)
        overall += total
        if switches.omits_undelivered and not total.shows:
            continue
        items.append(
            {
                "id": str(object_id) if switches.ids_as_text else object_id,
                "total": {"base": _base(total, switches)},
                "rows": [{"date": str(day), "base": _base(one, switches)} for day, one in figures.items()],
            }
        )
    return {"items": items, "total": {"base": _base(overall, switches)}}


def transactions(cabinet: Cabinet, switches: Switches) -> Document:
    """What was paid in, and by month what was charged, as the vendor's sample words them."""
    if switches.charges == "refused":
        raise errors.access_denied()
    by_month: dict[str, Figures] = {}
    for day, figures in cabinet.figures(USERS, cabinet.account_id).items():
        by_month[f"{day:%Y-%m}-01"] = by_month.get(f"{day:%Y-%m}-01", NOTHING) + figures
    paid_in = {"type": "deposit", "amount": "3540.00", "tax_amount": "540" if switches.charges == "net" else "0.00"}
    charged = [
        {"type": "charge", "amount": money(by_month[month].spent), "tax_amount": "0.00", "date": month}
        for month in sorted(by_month, reverse=True)
    ]
    found = [{"id": number, **one} for number, one in enumerate([paid_in, *charged], 31_364_364)]
    return {"count": len(found), "limit": 50, "offset": 0, "items": found[:50]}


def _ids(level: str, parameters: Parameters, cabinet: Cabinet) -> list[int]:
    """One unknown id fails them all."""
    wanted = parameters.list("id")
    if not wanted or not all(text.isdecimal() for text in wanted):
        raise errors.statistics_error("WRONG_PARAMETER", "id must be a list of integers")
    ids = list(dict.fromkeys(int(text) for text in wanted))
    if len(ids) > _MOST_IDS:
        raise errors.statistics_error("LIMIT_EXCEEDED", f"Not more than {_MOST_IDS} objects")
    if not set(ids) <= set(cabinet.known(level)):
        raise errors.statistics_error(f"WRONG_{level.upper()}", f"Wrong {level}")
    return ids


def _days(parameters: Parameters, cabinet: Cabinet) -> list[date]:
    """Both ends are included."""
    try:
        first, last = (date.fromisoformat(parameters.get(name) or "") for name in ("date_from", "date_to"))
    except ValueError as error:
        raise errors.statistics_error("WRONG_DATE", "date_from and date_to must be YYYY-MM-DD") from error
    oldest = cabinet.today - timedelta(days=_MOST_DAYS)
    if first < oldest or (last - first).days >= _MOST_DAYS:
        raise errors.statistics_error("LIMIT_EXCEEDED", f"Not more than {_MOST_DAYS} days")
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _base(figures: Figures, switches: Switches) -> Document:
    """Conversions are in ``vk.goals``; the ``goals`` beside it are always nothing."""
    cpa: str | int = money(figures.spent / figures.goals) if figures.goals else "0"
    vk: Document = {
        "goals": figures.goals,
        "cpa": 0 if switches.empty_cpa_as_int and not figures.goals else cpa,
    }
    if switches.extra_keys:
        vk["result"] = figures.goals
    return {
        "shows": figures.shows,
        "clicks": figures.clicks,
        "goals": 0,
        "spent": money(figures.spent),
        **({"not_ad_spent": "0"} if switches.has_not_ad_spent else {}),
        "vk": vk,
    }
