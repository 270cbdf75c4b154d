"""What a source is: everything that tells one from another, as data. The path itself is in `ingest.py`."""

from __future__ import annotations

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
FetchMore = Callable[[Settings, Fetched, datetime], Fetched]


@dataclass(frozen=True)
class Resource:
    """One thing to fetch, as rows of text."""

    name: str
    fetch: Fetch
    schema: pa.DataFrameSchema
    key: tuple[str, ...]
    """The raw columns that name a row in the quarantine."""
    money: pl.Expr | None = None
    """What a raw row adds to the figures; null where that cannot be read."""
    day: str = ""
    """The raw column of the day asked for, where rows of other days may come."""
    may_be_empty: bool = False
    by_window: bool = True
    """Else all of it comes, whatever the window."""
    beside: tuple[Resource, ...] = ()
    """Those whose rows the same fetch brings along. Their own `fetch` is not called."""
    once_a_day: FetchMore | None = None
    """Of one beside another: asked for apart, by what the other's fetch brought, unless a good run of the Moscow
    day has it already."""
    is_optional: bool = False
    """What is wrong with it is left out with a note: no figure rests on it, so it never fails a load."""


@dataclass(frozen=True)
class Output:
    """One table to fill. Columns named here are the same in the raw rows and in the table."""

    table: Table
    build: Callable[[Frames], pl.DataFrame]
    """Makes its rows from the valid raw frames, by resource."""
    schema: pa.DataFrameSchema
    resource: str
    """The one whose rejected rows keep their last good version in the table."""
    protects: str = ""
    """The column by which those are found. Empty: each row sums up or describes a whole read, so nothing of an
    earlier one is protected, and a few rows of it, as a replay has, say nothing."""
    identity: tuple[str | pl.Expr, ...] = ()
    """What makes a row the same row although its key has changed."""
    with_rejected: bool = False
    """Made of the rejected rows too. Of a partial read nothing is made."""
    is_one_row: bool = False
    """There is one row of each identity."""
    carried: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Groups of columns, by what a person calls them, which are null where the source does not send them. They are
    carried forward from the newest row with the same `protects`."""
    carried_by: str = ""
    """Another column than `protects` by whose value they are."""
    is_sent: Mapping[str, pl.Expr] = field(default_factory=dict)
    """Of groups of `carried` whose columns may be null though the source sends them, or come from several rows: of
    a raw row, whether all of them were sent."""
    nameless: str = ""
    """Where `protects` is 0 they are carried forward within this column's value."""
    silent: tuple[str, ...] = ()
    """Groups of `carried` that no message mentions."""
    lasting: tuple[str, ...] = ()
    """Groups of `carried` that may stay unknown: a few of them are a note and no warning."""
    thing: str = "ad"
    answers_for: tuple[str, ...] = ()
    """Columns that bound the scope of a load: rows with other values stay, as of an ad that the source no longer
    lists, whose spend is still spent."""
    unreadable: Callable[[pl.DataFrame], pl.DataFrame] | None = None
    """Of the raw rows, the ads whose links could not be read, with their spend (ad_id, spent)."""
    may_shrink: bool = False
    """What is gone was removed on purpose, however much it is."""
    shown_in: Mart | None = None
    """The mart that shows its columns beside the `protects` of each row, where the table itself is not by day."""
    refers_to: tuple[str, Table] | None = None
    """A column and the table that describes its values."""


@dataclass(frozen=True)
class Source:
    """All that is special about a source."""

    name: str
    word: str
    """In the names of its settings and token files."""
    title: str
    job: str
    noun: str
    """What a row is called, e.g. `ad day`."""
    version: str
    """Changes with the fetch code: what an older version fetched is not used again."""
    reads: Callable[[Settings], str]
    """The API's address, and after a # which settings decide what comes of one account."""
    credential: Callable[[Settings], str]
    """The same of two accounts that are one; empty where that is not known."""
    names_itself: bool
    """It tells its own id of the account, so two accounts of ours with the same one are one."""
    listed: str
    """The setting that may list several accounts, which share the others; empty where none may."""
    check_settings: Callable[[Settings], object]
    probe: Callable[[Settings], str]
    """The API's cheapest call."""
    resources: tuple[Resource, ...]
    outputs: tuple[Output, ...]
    """In the order of loading. A run's number of rows is that of the first."""
    marts: tuple[tuple[Mart, pa.DataFrameSchema], ...]
    days: int
    """The trailing window of a plain run."""
    shown_by_day: tuple[str, str]
    """What a run's report in the UI shows of each day, to hold against the source's own pages: a file of
    `sql/by_day` and the table that it reads."""
    restated_days: int
    """How long the source may still change a day."""
    is_set: Callable[[Settings], bool] = lambda _: True
    """Whether it is in use where ZAKAZ_SOURCES does not say."""
    lag_days: int = 0
    """1 where a day is of use only when it is over, so that the window ends yesterday."""
    history_days: int | None = None
    """How far back the API can be asked; None: for ever."""
    piece_months: int = 1
    """How much is fetched, and written, at a time: one run of a backfill, or a piece of a longer window."""
