"""What a source is: everything that tells one from another, as data. The path itself is in `ingest.py`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import pandera.polars as pa
import polars as pl

from tasks.landing import Fetched
from tasks.load.tables import Mart, Table
from tasks.settings import Settings
from tasks.window import Window

Frames = Mapping[str, pl.DataFrame]


@dataclass(frozen=True)
class Resource:
    """One thing to fetch. `key`: the raw column that names a row in the quarantine."""

    name: str
    fetch: Callable[[Settings, Window, datetime], Fetched]
    schema: pa.DataFrameSchema
    key: str
    may_be_empty: bool = False


@dataclass(frozen=True)
class Output:
    """One table to fill. `build` makes its rows from the valid raw frames, by resource.

    `resource` is the one whose rejected rows protect the last good version of theirs in the table: `protects` names
    the column, raw and in the table, by which they are found. `remembered`: columns that are null where the source
    no longer knows them; they are taken from the newest row of the same `protects`. `answers_for`: columns, raw and
    in the table, whose values tell what a load answers for: rows with others stay, be it another account or an ad
    that the source forgot, which undoes nothing that was spent on it. `tells_account`: all of an account's objects
    are here, so one that shares none with the warehouse is another account.
    """

    table: Table
    build: Callable[[Frames], pl.DataFrame]
    schema: pa.DataFrameSchema
    resource: str
    protects: str
    remembered: tuple[str, ...] = ()
    answers_for: tuple[str, ...] = ()
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
