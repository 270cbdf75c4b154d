"""The figures of the report, from the public views alone: exact Decimals, counts and days. Formats nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
from clickhouse_connect.driver.client import Client

from tasks.load.accounts import is_made_up
from tasks.load.frames import select
from tasks.load.sql import sql_text
from tasks.quality.attention import attention
from tasks.quality.checks import Finding, checks
from tasks.quality.findings import Kept, not_mended, worst_first
from tasks.quality.looks import set_up
from tasks.report.currencies import is_comparable, of_days, other_currencies, with_others
from tasks.settings import Settings
from tasks.window import Window

Row = Mapping[str, Any]
COMPARED = (1, 7, 30)
"""Days up to yesterday, each against as many before."""
MOST = {
    "yesterday": 10,  # The others are there, too, folded up.
    "cities": 10,
    "campaigns": 12,
    "shows": 12,
    "unmatched": 3,
    "promo_codes": 10,
    "attention": 7,
    "findings": 6,
}
"""Rows of a table before the rest is summed up in one, or only counted."""
SILENT_HOURS = 26
"""Since the last good load or look: what runs every day has missed one."""
_NOTHING = Decimal("0.00")


@dataclass(frozen=True)
class Sums:
    """`net`: revenue without what was given back; `tagged`: of it, what came by the tags of ads. All of it is in
    the report's currency; `foreign` are tickets in other `currencies`."""

    tickets: int
    net: Decimal
    spend: Decimal
    tagged: Decimal = _NOTHING
    tagged_tickets: int = 0
    foreign: int = 0
    foreign_tagged: int = 0
    currencies: tuple[str, ...] = ()

    @classmethod
    def of(cls, rows: Iterable[Row]) -> Sums:
        kept = list(rows)

        def money(name: str) -> Decimal:
            return sum((row.get(name, _NOTHING) for row in kept), _NOTHING)

        def count(name: str) -> int:
            return sum(row.get(name, 0) for row in kept)

        return cls(
            count("tickets"),
            money("net"),
            money("spend"),
            money("tagged"),
            count("tagged_tickets"),
            count("foreign"),
            count("foreign_tagged"),
            tuple(sorted({one for row in kept for one in row.get("currencies", ())})),
        )

    @property
    def of_ads(self) -> Sums:
        """What advertising brought by its tags alone, against what it cost."""
        brought, foreign = (self.tagged_tickets, self.tagged), self.foreign_tagged
        return Sums(*brought, self.spend, foreign=foreign, currencies=self.currencies)

    @property
    def is_comparable(self) -> bool:
        """Whether the revenue is that of its tickets, but for fewer than one in ten."""
        return is_comparable(self.tickets, self.foreign)

    @property
    def romi(self) -> Decimal | None:
        return (self.net - self.spend) / self.spend if self.spend and self.is_comparable else None

    @property
    def level(self) -> str:
        """As `v_romi_kpi` has it."""
        if not self.spend or not self.is_comparable:
            return "none"
        return "green" if self.net * 2 > self.spend * 3 else "yellow" if self.net >= self.spend else "red"


@dataclass(frozen=True)
class Line:
    """A row of a table. `row` is None where it sums up `others`; `recent`: spend of a campaign in the window;
    `clicks`: where the table has them."""

    row: Row | None
    sums: Sums
    others: int = 0
    recent: Decimal = _NOTHING
    clicks: int = 0

    @property
    def is_judged(self) -> bool:
        """Neither what sums up others, nor what has no city: its spend sells in the named ones."""
        return self.row is not None and self.row.get("city") != ""

    @property
    def level(self) -> str:
        return self.sums.level if self.is_judged else "none"

    @property
    def per_ticket(self) -> Decimal:
        return self.sums.spend / self.sums.tickets


@dataclass(frozen=True)
class Comparison:
    """`earlier` is None where not all of those days are in the warehouse."""

    window: Window
    now: Sums
    earlier_window: Window
    earlier: Sums | None


@dataclass(frozen=True)
class State:
    """Whether the figures can be trusted. `since`: the first day that has any, `all_since`: that has those of all
    accounts; `broken`, `odd`: open findings of severity fail and warn; `late`: accounts that were not loaded in
    time."""

    since: date | None
    all_since: date | None
    checked_at: datetime | None
    checked_in_time: bool
    broken: list[Kept]
    odd: list[Kept]
    accounts: Sequence[Row]
    late: Sequence[Row]

    @property
    def level(self) -> str:
        if self.broken or self.since is None:
            return "red"
        return "yellow" if self.odd or self.late or not self.checked_in_time else "green"


@dataclass(frozen=True)
class Figures:
    """`days`: every day of the window; `yesterday`: campaigns on the last of them; `currency` and `with_vat`: the
    basis of all money; `is_made_up`: the sandbox's; `whole_events`: spend on events of coming shows that is of no
    one show; `unmatched`: spend of the window that fits no event, by reason."""

    made_at: datetime
    window: Window
    currency: str
    with_vat: bool
    is_made_up: bool
    state: State
    comparisons: list[Comparison]
    same_weekday: Comparison
    yesterday: list[Line]
    yesterday_total: Line
    days: list[Row]
    total: Sums
    sources: list[Line]
    advertised: Sums
    cities: list[Line]
    campaigns: list[Line]
    campaigns_total: Sums
    campaigns_recent: Decimal
    shows: list[Line]
    whole_events: Sequence[Row]
    unmatched: Sequence[Row]
    refunds: Sequence[Row]
    promo_codes: Sequence[Row]
    attention: list[Finding]


def figures(client: Client, settings: Settings, now: datetime, today: date, days: int) -> Figures:
    """Those of the `days` Moscow days before today, which is not over."""
    yesterday = today - timedelta(days=1)
    window = Window.trailing(days, yesterday)
    scope = {"first": window.first, "last": window.last}

    def ask(name: str, **parameters: object) -> list[dict[str, Any]]:
        return select(client, sql_text(f"report/{name}.sql"), parameters).to_dicts()

    (basis,) = ask("basis")
    longest = max(days, 2 * max(COMPARED))
    first = yesterday - timedelta(days=longest - 1)
    others = other_currencies(client, first)
    by_day = {row["d"]: row for row in with_others(ask("days", first=first, last=yesterday), others, "d")}

    def compared(now: Window, earlier: Window) -> Comparison:
        known = basis["all_since"] is not None and basis["all_since"] <= earlier.first
        return Comparison(now, _sums_of(by_day, now), earlier, _sums_of(by_day, earlier) if known else None)

    of_window, campaign = of_days(others, window.first, window.last), ("source", "account", "campaign_id")
    sources = with_others(ask("sources", **scope), of_window, "source")
    cities = with_others(ask("cities", **scope), of_window, "city")
    campaigns = with_others(ask("campaigns", **scope), others, *campaign)
    of_yesterday = with_others(
        ask("campaign_days", first=yesterday, last=yesterday), of_days(others, yesterday, yesterday), *campaign
    )
    return Figures(
        made_at=now,
        window=window,
        currency=basis["currency"] or settings.report_currency,
        with_vat=bool(basis["with_vat"]) if basis["currency"] else settings.ad_spend_vat == "include",
        is_made_up=is_made_up(client),
        state=_state(client, settings, basis, ask("freshness"), now),
        comparisons=[
            compared(Window.trailing(n, yesterday), Window.trailing(n, yesterday - timedelta(days=n)))
            for n in COMPARED
        ],
        same_weekday=compared(Window.trailing(1, yesterday), Window.trailing(1, yesterday - timedelta(days=7))),
        yesterday=_lines(of_yesterday),
        yesterday_total=_summed(of_yesterday),
        days=[{"d": day, **vars(_sums_of(by_day, Window(first=day, last=day)))} for day in _days_of(window)],
        total=_sums_of(by_day, window),
        sources=_lines(sources),
        advertised=Sums.of(row for row in sources if row["source"] != "other"),
        cities=_cities(cities),
        campaigns=_lines(campaigns, MOST["campaigns"]),
        campaigns_total=Sums.of(campaigns),
        campaigns_recent=_recent(campaigns),
        shows=_lines(ask("shows"), MOST["shows"]),
        whole_events=select(client, sql_text("forecast/whole_events.sql")).to_dicts(),
        unmatched=ask("unmatched", **scope),
        refunds=ask("refunds"),
        promo_codes=_summed_up(ask("promo_codes"), MOST["promo_codes"]),
        attention=attention(client, settings, today),
    )


def _sums_of(by_day: Mapping[date, Row], window: Window) -> Sums:
    return Sums.of(by_day[day] for day in _days_of(window) if day in by_day)


def _days_of(window: Window) -> list[date]:
    return list(pl.date_range(window.first, window.last, eager=True))


def _lines(rows: Sequence[Row], most: int | None = None) -> list[Line]:
    """A line a row; where there are more than `most`, the rest in one, so that the lines add up to all."""
    shown = rows if most is None or len(rows) <= most + 1 else rows[:most]
    lines = [replace(_summed([row]), row=row, others=0) for row in shown]
    rest = rows[len(shown) :]
    return [*lines, _summed(rest)] if rest else lines


def _cities(rows: Sequence[Row]) -> list[Line]:
    """What has no city is a line of its own, the last."""
    named = [row for row in rows if row["city"]]
    return _lines(named, MOST["cities"]) + _lines([row for row in rows if not row["city"]])


def _summed(rows: Sequence[Row]) -> Line:
    clicks = sum(row.get("clicks", 0) for row in rows)
    return Line(None, Sums.of(rows), len(rows), _recent(rows), clicks)


def _recent(rows: Iterable[Row]) -> Decimal:
    return sum((row.get("recent", _NOTHING) for row in rows), _NOTHING)


def _summed_up(rows: Sequence[Row], most: int) -> list[Row]:
    """Likewise, of promo codes: `kind` is then `others`."""
    shown, rest = rows[:most], rows[most:]
    if not rest:
        return list(shown)
    sums = {name: sum(row[name] for row in rest) for name in ("tickets", "net", "given")}
    return [*shown, {"kind": "others", "code": str(len(rest)), **sums}]


def _state(client: Client, settings: Settings, basis: Row, accounts: list[dict[str, Any]], now: datetime) -> State:
    wanted = set(set_up(client, settings))
    ours = [one for one in accounts if (one["source"], one["account"]) in wanted or _is_new(one, wanted)]
    open_ones = worst_first([one for one in not_mended(client) if one.status == "open"], checks())
    checked_at = basis["checked_at"]
    return State(
        since=basis["since"],
        all_since=basis["all_since"],
        checked_at=checked_at,
        checked_in_time=checked_at is not None and now - checked_at.astimezone(UTC) < timedelta(hours=SILENT_HOURS),
        broken=[one for one in open_ones if one.fails],
        odd=[one for one in open_ones if not one.fails],
        accounts=ours,
        late=[one for one in ours if _is_late(one)],
    )


def _is_new(account: Row, wanted: Iterable[tuple[str, str]]) -> bool:
    """A source that is set up and was never loaded: its row has no account."""
    return not account["account"] and account["source"] in {source for source, _ in wanted}


def _is_late(account: Row) -> bool:
    minutes = account["minutes_since_success"]
    return minutes is None or minutes > SILENT_HOURS * 60 or account["last_status"] == "failed"
