"""What an advertising source tells beside its ad days: the whole account's figures by day, its campaigns, and what
is left on it.

No figure rests on it. A check compares the first with what was loaded; the second says whether a campaign still
runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from tasks.fetch import kinds
from tasks.landing import Fetched
from tasks.window import moscow_today

TOTAL_COLUMNS = ("stat_date", "impressions", "clicks", "spent", "include_vat", "currency")
CAMPAIGN_COLUMNS = (
    "campaign_id", "campaign_name", "status_told", "starts_on", "ends_on", "budget_day", "read_on",
)  # fmt: skip
BALANCE_COLUMNS = ("balance", "currency", "read_on")
Row = dict[str, str | None]


def totals(rows: Iterable[Mapping[str, str | None]], as_of: datetime, *, vat: str, currency: str | None) -> Fetched:
    """Columns TOTAL_COLUMNS, text; grain: day. `rows`: stat_date, impressions, clicks, spent. Without today, whose
    figures grow from one call to the next."""
    today = str(moscow_today(as_of))
    return Fetched(
        [
            {
                "stat_date": kinds.instant(row["stat_date"]),
                **{name: kinds.number(row[name]) for name in ("impressions", "clicks", "spent")},
                "include_vat": vat,
                "currency": currency,
            }
            for row in rows
            if row["stat_date"] != today
        ],
        TOTAL_COLUMNS,
    )


def campaigns(rows: Iterable[Row], as_of: datetime) -> Fetched:
    """Columns CAMPAIGN_COLUMNS, text; grain: campaign. `read_on`: the Moscow day on which that was so."""
    return Fetched([row | {"read_on": str(moscow_today(as_of))} for row in rows], CAMPAIGN_COLUMNS)


def balance(told: object, as_of: datetime, *, currency: str | None) -> Fetched:
    """Columns BALANCE_COLUMNS, text; one row, none where the source does not tell it. Money net of VAT."""
    row = {"balance": kinds.number(told), "currency": currency, "read_on": str(moscow_today(as_of))}
    return Fetched([] if row["balance"] is None else [row], BALANCE_COLUMNS)
