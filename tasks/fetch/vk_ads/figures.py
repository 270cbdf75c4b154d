"""Completeness of statistics: sums of the rows compared with the totals that the API itself gives."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from tasks.errors import SourceError
from tasks.fetch.vk_ads.values import Record, Row, number, record, whole
from tasks.translation import numbered
from tasks.window import Window, moscow_today

TRIES = 3
"""Requests for statistics that come incomplete."""
_SHARE = 10
"""Unexplained spend above a tenth of the window's fails the load; less is a note. An ad that the API no longer
lists never comes back, and must not stop every load for ever."""
_BUDGETS = 100
"""Spend of so many daily budgets is more likely another unit of money (kopecks, micros) than an overrun."""
_HALF_A_KOPECK = Decimal("0.005")
_NAMES = ("spent", "impressions", "clicks")


@dataclass
class Statistics:
    """`days`: rows by ad, of ads whose statistics are complete. `partial`: rows of the other ads; `contradicted`:
    those of them whose rows do not add up to the reply's totals. `lost`: ads that the API no longer knows.
    `strangers` and `nameless`: number of items of ads not requested, and without a readable id."""

    days: dict[int, list[Row]] = field(default_factory=dict)
    partial: dict[int, list[Row]] = field(default_factory=dict)
    contradicted: set[int] = field(default_factory=set)
    lost: list[int] = field(default_factory=list)
    strangers: int = 0
    nameless: int = 0

    def add(self, other: Statistics) -> None:
        """A later reply about an ad replaces an earlier one."""
        self.days |= other.days
        self.lost += other.lost
        settled = self.days.keys() | set(self.lost)
        self.partial = {ad: rows for ad, rows in (self.partial | other.partial).items() if ad not in settled}
        self.contradicted = (self.contradicted - other.partial.keys() | other.contradicted) & self.partial.keys()
        self.strangers += other.strangers
        self.nameless += other.nameless

    @property
    def rows(self) -> list[Row]:
        return [row for days in (self.days, self.partial) for rows in days.values() for row in rows]


@dataclass(frozen=True)
class Figures:
    """Sums over rows. `slack`: how far rounding may move `spent`. `odd`: number of rows with an unreadable figure;
    with any, no sum is exact."""

    spent: Decimal = Decimal(0)
    impressions: Decimal = Decimal(0)
    clicks: Decimal = Decimal(0)
    slack: Decimal = Decimal(0)
    odd: int = 0

    @classmethod
    def of(cls, rows: Iterable[Row]) -> Figures:
        sums = dict.fromkeys(_NAMES, Decimal(0))
        slack, odd = Decimal(0), 0
        for row in rows:
            found = {name: number(row.get(name)) for name in _NAMES}
            odd += None in found.values()
            slack += _HALF_A_KOPECK if found["spent"] else 0
            for name, value in found.items():
                sums[name] += value or 0
        return cls(**sums, slack=slack, odd=odd)

    def agrees(self, other: Figures) -> bool:
        near = abs(self.spent - other.spent) <= self.slack + other.slack
        return near and (self.impressions, self.clicks) == (other.impressions, other.clicks)

    def lacks(self, account: Figures) -> Decimal:
        """The part of the account's spend that is missing here."""
        missing = account.spent - self.spent
        return missing if missing > self.slack + account.slack else Decimal(0)

    def is_short(self, account: Figures) -> bool:
        return self.lacks(account) > 0 or self.impressions < account.impressions

    def is_much_short(self, account: Figures) -> bool:
        seen = account.impressions - self.impressions
        return self.lacks(account) * _SHARE > account.spent or seen * _SHARE > account.impressions

    def __str__(self) -> str:
        return f"{self.spent:f} in {self.impressions:f} impressions"


def is_day(text: str | None) -> bool:
    try:
        return text is not None and str(date.fromisoformat(text)) == text
    except ValueError:
        return False


def days_of(window: Window) -> set[str]:
    return {str(window.first + timedelta(days=number)) for number in range(window.days)}


def comparable(rows: Iterable[Row], window: Window, as_of: datetime | None = None) -> Figures:
    """Sums of the window's days; with `as_of` only of past days, if any: those of today grow between two calls.
    Rows with an unreadable day count too, as it must be one of them."""
    days = days_of(window)
    over = {day for day in days if as_of and day < str(moscow_today(as_of))} or days
    return Figures.of(row for row in rows if row["stat_date"] in over or not is_day(row["stat_date"]))


def same_once(rows: Iterable[Row]) -> list[Row]:
    """A row that came twice counts once."""
    return list({tuple(row.values()): row for row in rows}.values())


def has_a_day_twice(rows: Iterable[Row]) -> bool:
    days = [row["stat_date"] for row in rows if is_day(row["stat_date"])]
    return len(days) != len(set(days))


def check_complete(
    title: str, window: Window, as_of: datetime, read: Statistics, account_rows: list[Row] | None
) -> list[str]:
    """Notes on what is missing; raises SourceError if it is too much. `account_rows`: sums by day of the whole
    account, None if the API does not give them."""
    ads = len(read.days) + len(read.partial)
    part, account = comparable(read.rows, window, as_of), comparable(account_rows or [], window, as_of)
    missing = part.lacks(account)
    unseen = f"{account.impressions - part.impressions:f} of the {account.impressions:f} impressions"
    amount = f"{missing:f} of the {account.spent:f} spent" if missing else unseen
    told = f" {amount} is missing." if missing else ""
    again = "Nothing was loaded; the next run tries again."
    if read.contradicted:
        raise SourceError(
            f"{title} sent statistics of {len(read.contradicted)} of {ads} ads for {window} that contradict "
            f"themselves, in {TRIES} tries.{told} {again}",
            transient=True,
        )
    nothing_left_out = account_rows is not None and comparable(read.rows, window).agrees(
        comparable(account_rows, window)
    )
    if read.partial and not nothing_left_out:
        raise SourceError(
            f"{title} sent whole statistics of only {len(read.days)} of {ads} ads for {window}, in {TRIES} tries."
            f"{told} {again}",
            transient=True,
        )
    notes = dropped(title, read)
    if read.partial:
        notes.append(
            f"{title} left out statistics of {numbered(len(read.partial), 'ad')} (of {ads}); by its total there "
            "is nothing to them"
        )
    if account_rows is None:
        notes.append(f"{title} did not tell the account's total, so its list of ads could not be checked")
    elif part.is_short(account):
        explained = read.lost or part.odd
        if part.is_much_short(account) and not explained:
            raise SourceError(
                f"{title} says that the account spent {account} in {window}, but its {ads} ads come to {part}. "
                f"{again}",
                transient=True,
            )
        notes.append(f"{amount} belongs to ads that {title} gives no figures for")
    elif account.is_short(part):
        notes.append(f"{title} says that the account spent {account}, less than its ads, which spent {part}")
    return notes


def check_unit(
    title: str, window: Window, spend: Iterable[tuple[int | None, Row]], budgets: dict[int, object]
) -> list[str]:
    """Compares the spend of each day with the daily budget. A few days far above it are a note: a budget may have
    been cut since. Most days far above it mean another unit of money: raises SourceError."""
    limits = {key: limit for key, value in budgets.items() if (limit := number(value)) and limit > 0}
    by_day: dict[tuple[int, str | None], Decimal] = {}
    for key, row in spend:
        if key in limits and (spent := number(row["spent"])):
            by_day[key, row["stat_date"]] = by_day.get((key, row["stat_date"]), Decimal(0)) + spent
    far = sum(spent >= limits[key] * _BUDGETS for (key, _), spent in by_day.items())
    if far * 2 > len(by_day):
        raise SourceError(
            f"{title} reports a spend of {_BUDGETS} times the daily budget and more on {far} of {len(by_day)} days "
            f"of campaigns in {window}: it may tell money in another unit now. Nothing was loaded. Compare with "
            "the cabinet and report it."
        )
    if not far:
        return []
    return [f"the spend is {_BUDGETS} times the daily budget and more on {numbered(far, 'day')} of campaigns"]


def dropped(title: str, read: Statistics) -> list[str]:
    """Notes on the items that were dropped."""
    told = []
    if read.strangers:
        told.append(f"{title} sent statistics of ads not asked for; dropped: {numbered(read.strangers, 'item')}")
    if read.nameless:
        told.append(f"{title} sent statistics without a readable id; dropped: {numbered(read.nameless, 'item')}")
    return told


def by_id(records: Iterable[object]) -> tuple[dict[int, Record], int]:
    """Objects by id, and the number of those without a readable one."""
    known = [(whole(record(one).get("id")), record(one)) for one in records]
    found = {key: one for key, one in known if key is not None}
    return found, sum(key is None for key, _ in known)
