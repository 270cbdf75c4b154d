"""What a source is: everything that tells one from another, as data. The path itself is in `ingest.py`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import pandera.polars as pa
import polars as pl

from tasks.landing import Fetched
from tasks.load.tables import Mart, Table
from tasks.settings import Settings
from tasks.window import Window

Frames = Mapping[str, pl.DataFrame]
Fetch = Callable[[Settings, Window, datetime], Fetched]


@dataclass(frozen=True)
class Resource:
    """One thing to fetch. `key`: the raw columns that name a row in the quarantine. `money`: what a raw row adds to
    the figures, null where that cannot be read. `day`: the raw column of the day asked for, where rows of others
    may come."""

    name: str
    fetch: Fetch
    schema: pa.DataFrameSchema
    key: tuple[str, ...]
    money: pl.Expr | None = None
    day: str = ""
    may_be_empty: bool = False


@dataclass(frozen=True)
class Output:
    """One table to fill. `build` makes its rows from the valid raw frames, by resource.

    `resource` is the one whose rejected rows protect the last good version of theirs in the table: `protects` names
    the column, raw and in the table, by which they are found. `identity`: by what, raw and in the table, a row is
    still the same where its key has changed; `is_one_row`: there is one row of each identity. `carried`: groups of
    columns, by what they are called, that are null where the source does not name them; they are taken from the
    newest row of the same `protects`, where that is 0 of the same `nameless` too. `answers_for`: columns, raw and
    in the table, whose values tell what a load answers for: rows with others stay, be it another account or an ad
    that the source forgot, which undoes nothing that was spent on it. `spelling`: the form in which values of such
    a column are compared. `unreadable`: of the raw rows, the ads whose links could not be read, with what was spent
    on them (ad_id, spent). `refers_to`: a column and the table that describes
    its values. `tells_account`: all of an account's objects are here, so one that shares none with the
    warehouse is another account.
    """

    table: Table
    build: Callable[[Frames], pl.DataFrame]
    schema: pa.DataFrameSchema
    resource: str
    protects: str
    identity: tuple[str | pl.Expr, ...]
    is_one_row: bool = False
    carried: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    nameless: str = ""
    silent: tuple[str, ...] = ()
    lasting: tuple[str, ...] = ()
    things: str = "ads"
    answers_for: tuple[str, ...] = ()
    spelling: Callable[[pl.Expr], pl.Expr] = lambda text: text
    unreadable: Callable[[pl.DataFrame], pl.DataFrame] | None = None
    refers_to: tuple[str, Table] | None = None
    tells_account: bool = False


@dataclass(frozen=True)
class Source:
    """`outputs` in the order of loading, the one whose rows the run counts first.

    `days`: the trailing window of a plain run, which ends today or, where a day is of use only when it is over,
    yesterday (`lag_days` 1). `restated_days`: how long the source may still change a day; `history_days`: how far
    back it can be asked, None for ever; `backfill_months`: how much of it one run of a backfill takes. `version`
    changes with the fetch code, `account` tells one account from another and begins with the API's address, `probe`
    is the API's cheapest call.
    """

    name: str
    title: str
    job: str
    noun: str
    version: str
    account: Callable[[Settings], str]
    check_settings: Callable[[Settings], object]
    probe: Callable[[Settings], str]
    resources: tuple[Resource, ...]
    outputs: tuple[Output, ...]
    marts: tuple[tuple[Mart, pa.DataFrameSchema], ...]
    days: int
    restated_days: int
    lag_days: int = 0
    history_days: int | None = None
    backfill_months: int = 1

    def fingerprint(self, settings: Settings) -> str:
        """The account, told apart from others and not told."""
        return hashlib.sha256(self.account(settings).encode()).hexdigest()[:16]
