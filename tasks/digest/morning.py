"""What the morning message is about, from the public views: yesterday against the same weekday, campaigns, what
deserves attention, and whether the figures may be given at all. Formats nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from clickhouse_connect.driver.client import Client

from tasks.load.accounts import is_made_up
from tasks.load.frames import select
from tasks.load.migrate import migrated
from tasks.load.sql import sql_text
from tasks.quality.attention import attention
from tasks.quality.checks import Check, Finding, Result, checks
from tasks.quality.findings import Kept, not_mended, worst_first
from tasks.quality.looks import judge_all
from tasks.report.currencies import is_comparable, other_currencies, with_others
from tasks.report.figures import Sums
from tasks.settings import Settings

PICTURE_DAYS = 30
FLOOR = 1000
"""In the report's currency: a campaign that gained or lost less is not worth a word in the morning."""
_WEEK = timedelta(days=7)
_NAMED = 2
_NOTHING = Sums.of([])


@dataclass(frozen=True)
class Campaign:
    """`gain`: net revenue less spend since it began; `currencies`: others than the report's, in which so much was
    sold that the gain says nothing."""

    source: str
    account: str
    name: str
    gain: Decimal
    currencies: tuple[str, ...] = ()


@dataclass(frozen=True)
class Morning:
    """`before`: the same weekday a week before, None where not all of it is loaded; `since`: the first day that has
    figures, `all_since`: that has those of all sources; `broken` and `odd`: what checks of severity fail and warn
    have found, the worst first, `do`: the check of the first of `broken`; `hindered`: how many checks could not be
    judged; `apart`: campaigns that sell in another currency; `is_made_up`: the data are the sandbox's. Where
    something is broken there are no figures."""

    day: date
    currency: str
    since: date | None
    all_since: date | None = None
    broken: tuple[Finding | Kept, ...] = ()
    odd: tuple[Finding | Kept, ...] = ()
    do: Check | None = None
    hindered: int = 0
    yesterday: Sums = _NOTHING
    before: Sums | None = None
    best: tuple[Campaign, ...] = ()
    worst: tuple[Campaign, ...] = ()
    apart: tuple[Campaign, ...] = ()
    attention: tuple[Finding, ...] = ()
    is_made_up: bool = False
    days: tuple[tuple[date, Sums], ...] = ()

    @property
    def same_weekday(self) -> date:
        return self.day - _WEEK


def morning_of(settings: Settings, today: date) -> Morning:
    """The data are judged now: what a run of the checks found hours ago says nothing of what was loaded since.
    Those that read all of history are judged at night: of them what is open. Raises WarehouseError."""
    results = judge_all(_by_now(settings), [check for check in checks() if not check.at_night], today)
    with migrated(settings) as client:
        basis = select(client, sql_text("report/basis.sql")).row(0, named=True)
        found = _found(results, not_mended(client))
        broken = tuple(one for one in found if one.fails)
        morning = Morning(
            day=today - timedelta(days=1),
            currency=basis["currency"] or settings.report_currency,
            since=basis["since"],
            all_since=basis["all_since"],
            broken=broken,
            odd=tuple(one for one in found if not one.fails),
            do=_check_of(broken[0]) if broken else None,
            is_made_up=is_made_up(client),
            hindered=sum(one.hindered and one.check.severity == "fail" for one in results),
        )
        if broken or morning.since is None:
            return morning
        return _with_figures(morning, client, settings, today)


def _by_now(settings: Settings) -> Settings:
    """With the message yesterday is due, not at ten."""
    name = "good_run_by_ten"
    given = settings.quality_parameters
    return settings.model_copy(update={"quality_parameters": given | {name: given.get(name, {}) | {"hour": 0}}})


def _found(results: Sequence[Result], kept: Sequence[Kept]) -> list[Finding | Kept]:
    """What is seen now and, of checks that were not judged now, what is open; the worst first."""
    judged = {one.check.name for one in results}
    found: list[Finding | Kept] = [one for result in results for one in result.findings]
    found += [one for one in kept if one.status == "open" and one.check_name not in judged]
    return worst_first(found, checks())


def _check_of(found: Finding | Kept) -> Check | None:
    if isinstance(found, Finding):
        return found.check
    return next((one for one in checks() if one.name == found.check_name), None)


def _with_figures(morning: Morning, client: Client, settings: Settings, today: date) -> Morning:
    last, since = morning.day, morning.since or morning.day
    first = last - timedelta(days=PICTURE_DAYS - 1)
    rows = select(client, sql_text("report/days.sql"), {"first": first, "last": last})
    others = other_currencies(client, first)
    by_day = {row["d"]: Sums.of([row]) for row in with_others(rows.to_dicts(), others, "d")}
    span = [first + timedelta(days=n) for n in range(PICTURE_DAYS)]
    week = {"first": last - _WEEK + timedelta(days=1), "last": last}
    rows = select(client, sql_text("digest/campaigns.sql"), week)
    every = [_campaign(row) for row in with_others(rows.to_dicts(), others, "source", "account", "campaign_id")]
    campaigns, apart = ([one for one in every if bool(one.currencies) == is_apart] for is_apart in (False, True))
    return replace(
        morning,
        yesterday=by_day.get(last, _NOTHING),
        before=by_day.get(last - _WEEK, _NOTHING) if (morning.all_since or last) <= last - _WEEK else None,
        best=tuple(one for one in campaigns[:_NAMED] if one.gain >= FLOOR),
        worst=tuple(one for one in reversed(campaigns[-_NAMED:]) if one.gain <= -FLOOR),
        apart=tuple(apart),
        attention=tuple(attention(client, settings, today)),
        days=tuple((day, by_day.get(day, _NOTHING)) for day in span if day >= since),
    )


def _campaign(row: Mapping[str, Any]) -> Campaign:
    currencies = () if is_comparable(row["tickets"], row["foreign"]) else row["currencies"]
    return Campaign(row["source"], row["account"], row["name"], row["gain"], currencies)
