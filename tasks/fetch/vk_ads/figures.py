"""Proof that nothing is missing: sums of what came against what the API itself says in total."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from tasks.errors import SourceError
from tasks.fetch.vk_ads.values import Record, Row, number, record, whole
from tasks.window import Window, moscow_today

TRIES = 3
"""How often statistics that did not come whole are asked for."""
_SHARE = 10
"""Unexplained spend above a tenth of the window's fails the load, less is told: an ad that the API no longer lists
never comes back, and must not stop every load for ever."""
_FAR = 100
"""Spend so many times a daily budget is another unit of money (kopecks, micros) sooner than a budget overrun."""
_HALF_A_KOPECK = Decimal("0.005")
_NAMES = ("spent", "impressions", "clicks")


@dataclass
class Statistics:
    """`days`: rows by ad, of ads whose statistics came whole; `partial`: what came of those asked for in vain;
    `contradicted`: of these, the ones whose rows are not what the reply says in total; `lost`: ads that the API no
    longer knows. `strangers` and `nameless` count items of ads not asked for, and without a readable id."""

    days: dict[int, list[Row]] = field(default_factory=dict)
    partial: dict[int, list[Row]] = field(default_factory=dict)
    contradicted: set[int] = field(default_factory=set)
    lost: list[int] = field(default_factory=list)
    strangers: int = 0
    nameless: int = 0

    def add(self, other: Statistics) -> None:
        """What came later of an ad takes the place of what came earlier."""
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
    """Sums over rows. `odd`: rows with a figure that cannot be read, which no sum is exact without."""

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
        """How much of the account's spend is not here."""
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
    """Of the window's days; with `as_of` only of those that are over, if any: today's grow between two calls.
    A day that cannot be read counts, as it must be one of them."""
    days = days_of(window)
    over = {day for day in days if as_of and day < str(moscow_today(as_of))} or days
    return Figures.of(row for row in rows if row["stat_date"] in over or not is_day(row["stat_date"]))


def same_once(rows: Iterable[Row]) -> list[Row]:
    """A row that came twice counts once."""
    return list({tuple(row.values()): row for row in rows}.values())


def has_a_day_twice(rows: Iterable[Row]) -> bool:
    days = [row["stat_date"] for row in rows if is_day(row["stat_date"])]
    return len(days) != len(set(days))


def prove(
    title: str, window: Window, as_of: datetime, read: Statistics, account_rows: list[Row] | None
) -> list[str]:
    """Notes on what is missing, or an error where that is too much. `account_rows`: the sums by day from a level
    above, None where the API does not tell them."""
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
    notes = left_over(title, read)
    if read.partial:
        notes.append(
            f"{title} left out statistics of {len(read.partial)} of {ads} ads; by its total they have nothing"
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


def doubt_unit(
    title: str, window: Window, spend: Iterable[tuple[int | None, Row]], budgets: dict[int, object]
) -> list[str]:
    """Compares what was spent on a day with the daily budget. One budget may have been cut since: that is told.
    Where most days are far above, money comes in another unit and nothing may be loaded."""
    limits = {key: limit for key, value in budgets.items() if (limit := number(value)) and limit > 0}
    by_day: dict[tuple[int, str | None], Decimal] = {}
    for key, row in spend:
        if key in limits and (spent := number(row["spent"])):
            by_day[key, row["stat_date"]] = by_day.get((key, row["stat_date"]), Decimal(0)) + spent
    far = sum(spent >= limits[key] * _FAR for (key, _), spent in by_day.items())
    if far * 2 > len(by_day):
        raise SourceError(
            f"{title} reports a spend of {_FAR} times the daily budget and more on {far} of {len(by_day)} days of "
            f"campaigns in {window}: it may tell money in another unit now. Nothing was loaded. Compare with the "
            "cabinet and report it."
        )
    return [f"on {far} days of campaigns the spend is {_FAR} times the daily budget and more"] if far else []


def left_over(title: str, read: Statistics) -> list[str]:
    """What was dropped, counted."""
    counts = {"of ads not asked for": read.strangers, "without a readable id": read.nameless}
    return [f"{title} sent {count} statistics {what}; they were dropped" for what, count in counts.items() if count]


def identified(records: Iterable[object]) -> tuple[dict[int, Record], int]:
    """By id, and how many have none that can be read."""
    known = [(whole(record(one).get("id")), record(one)) for one in records]
    found = {key: one for key, one in known if key is not None}
    return found, sum(key is None for key, _ in known)
