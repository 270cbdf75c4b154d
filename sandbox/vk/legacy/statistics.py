"""ads.getStatistics: what did not happen is left out, days and metrics alike."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from sandbox.vk.cabinet import AD_PLANS, BANNERS, USERS, Cabinet
from sandbox.vk.legacy import errors
from sandbox.vk.legacy.arguments import Arguments, comma_list, required
from sandbox.vk.legacy.periods import Label, period_of
from sandbox.vk.legacy.switches import Switches
from sandbox.vk.objects import NOTHING, Figures
from sandbox.vk.wire import Document, ratio

_MAX_IDS = 2000
_LEVELS = {"ad": BANNERS, "campaign": AD_PLANS, "office": USERS}
_KOPECK = Decimal("0.01")
_VAT = ((date(2026, 1, 1), Decimal("1.22")), (date(2019, 1, 1), Decimal("1.20")))
_REACH_SHARE = 0.8


def statistics(arguments: Arguments, cabinet: Cabinet, switches: Switches) -> list[Document]:
    """There is no level of ad groups and no choice of metrics. Of a client this account has none."""
    kind = required(arguments, "ids_type")
    if kind not in _LEVELS:
        raise errors.invalid("ids_type")
    ids = comma_list(arguments, "ids")
    if len(ids) > _MAX_IDS:
        raise errors.invalid("ids")
    period = period_of(arguments, cabinet.today)
    known = set(cabinet.known(_LEVELS[kind]))
    if switches.unknown_ids_fail and not set(ids) <= known:
        raise errors.invalid("ids")
    answer = []
    for wanted in (wanted for wanted in ids if wanted in known):
        sums: dict[Label, Figures] = {}
        for day, figures in sorted(cabinet.figures(_LEVELS[kind], wanted).items()):
            if period.holds(day):
                label = period.label(day)
                sums[label] = sums.get(label, NOTHING) + _taxed(figures, day, switches)
        rows = [_row(label, figures, switches) for label, figures in sums.items() if figures.shows]
        if rows or not switches.unsold_absent:
            answer.append(_item(wanted, kind, rows, switches))
    return answer


def _item(wanted: int, kind: str, rows: list[Document], switches: Switches) -> Document:
    item: Document = {"id": wanted, "type": kind}
    if switches.statistics != "absent":
        item["stats"] = rows if switches.statistics == "rows" else []
    return item


def _row(label: Label, figures: Figures, switches: Switches) -> Document:
    spent = figures.spent.quantize(_KOPECK, ROUND_HALF_UP)
    metrics: Document = {
        "spent": (float(spent) if switches.spent_as_number else str(spent)) if spent else None,
        "impressions": str(figures.shows) if switches.impressions_as_text else figures.shows,
        "clicks": figures.clicks,
        "reach": int(figures.shows * _REACH_SHARE),
        "conversion_count": figures.goals,
        "ctr": f"{figures.clicks * 100 / figures.shows:.3f}" if figures.clicks else None,
        "effective_cost_per_click": ratio(spent, figures.clicks) if figures.clicks else None,
        "effective_cost_per_mille": ratio(spent * 1000, figures.shows) if spent else None,
    }
    return {**dict(label), **{name: value for name, value in metrics.items() if value}}


def _taxed(figures: Figures, day: date, switches: Switches) -> Figures:
    if not switches.gross_spend:
        return figures
    rate = next((rate for since, rate in _VAT if day >= since), Decimal(1))
    spent = (figures.spent * rate).quantize(_KOPECK, ROUND_HALF_UP)
    return Figures(figures.shows, figures.clicks, spent, figures.goals)
