"""Bring the rows of a scope to what the source says, writing nothing that is already so.

Safe to repeat, to interrupt and to be overtaken: what to write is derived from what is there, so a rerun ends
where the first run would have. Of two runs the one that read the source later is right, row by row: its rows (a
higher `_ver`) are neither replaced nor removed, and what it removed does not come back.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any

import polars as pl
from clickhouse_connect.driver.client import Client

from tasks.errors import ReconcileError, WarehouseError
from tasks.load.cluster import parts, stored
from tasks.load.frames import insert, select
from tasks.load.removals import last_removal, note_removals, removed_since
from tasks.load.tables import Scope, Table

logger = logging.getLogger("zakaz.load")

_KEYS_A_QUERY = 1_000
_BYTES_A_DELETE = 200_000
"""Of keys as text: a server takes 256 KiB a statement."""
_CLOCKS_DIFFER = 5 * 60_000
"""Milliseconds by which the warehouse's clock may have been set back."""


@dataclass(frozen=True)
class Upserted:
    """Rows by what became of them. `kept`: vanished or rejected ones that stay; `overtaken`: newer already.
    `days`: of the rows that were written or removed, before and after; `is_merged`: nothing was, and no older
    version is left."""

    new: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0
    kept: int = 0
    overtaken: int = 0
    days: frozenset[date] = field(default=frozenset(), compare=False, repr=False)
    is_merged: bool = field(default=False, compare=False, repr=False)

    @property
    def written(self) -> int:
        return self.new + self.changed + self.removed

    def __add__(self, other: Upserted) -> Upserted:
        theirs = other.as_dict()
        sums: dict[str, Any] = {name: count + theirs[name] for name, count in self.as_dict().items()}
        return Upserted(**sums, days=self.days | other.days)

    def as_dict(self) -> dict[str, int]:
        """The counts."""
        return {one.name: getattr(self, one.name) for one in fields(self) if one.compare}


@dataclass(frozen=True)
class Changes:
    """What a load is about to do to a scope. All frames have `_ver`.

    `held` are the rows there, `frame` those that the load brings, `fresh` the new and changed of them, `absent` the
    held ones that it does not bring, `gone` those of them that it will remove. `overtaken` counts the rows that are
    left to a run which read the source later. `is_merged`: no older version waits to be merged.
    """

    held: pl.DataFrame
    frame: pl.DataFrame
    fresh: pl.DataFrame
    absent: pl.DataFrame
    gone: pl.DataFrame
    overtaken: int
    is_merged: bool = False

    def days(self, table: Table) -> frozenset[date]:
        """Of the rows that will change: as they are, and as they will be."""
        was = self.held.join(self.fresh, on=table.key, how="semi")
        return days_of(table, pl.concat([was, self.fresh.select(was.columns), self.gone.select(was.columns)]))


def upsert(
    client: Client,
    table: Table,
    frame: pl.DataFrame,
    scope: Scope,
    version: int,
    protected: Sequence[pl.DataFrame] = (),
    *,
    same: Sequence[str | pl.Expr] = (),
    later: Callable[[pl.DataFrame], pl.DataFrame] = pl.DataFrame.clear,
    judge: Callable[[Changes], None] = lambda _changes: None,
    before: Callable[[frozenset[date], pl.DataFrame], None] = lambda _days, _rows: None,
    reconcile: bool = True,
    level: int = logging.INFO,
) -> Upserted:
    """Make the scope's rows equal `frame` (all columns, unique by key), then prove it.

    `version` orders the reads of the source; a column `_ver` of the frame wins over it, row by row. `protected`:
    frames of values; rows with them stay: their new version was rejected, or the load says nothing about them.
    `same`: columns that identify a row whose key has changed; the row under the old key is removed in any case,
    since it would count twice. `later` picks those of some rows that a run has judged which read the source
    later: they are left to it. `judge` may raise to refuse the changes; `before` is called before anything is
    written. `reconcile`: False where the caller has a better proof of its own. `level`: of the line of the log that
    says what was written.
    Raises ReconcileError when what is read back differs in count or sum.
    """
    if "_ver" not in frame.columns:
        frame = frame.with_columns(pl.lit(version, pl.UInt64).alias("_ver"))
    changes = _changes(client, table, frame, scope, version, protected, same, later)
    judge(changes)
    frame, fresh, gone = changes.frame, changes.fresh, changes.gone
    key = list(table.key)
    days = changes.days(table) | _days_elsewhere(client, table, changes, scope)

    def more(others: frozenset[date]) -> None:
        nonlocal days
        if others - days:
            before(others - days, fresh.clear())
            days |= others

    if fresh.height or gone.height:
        before(days, pl.concat([fresh, gone.select(fresh.columns)]))
    insert(client, table.name, fresh)
    remove_strays(client, table, fresh, more)
    note_removals(client, table, gone, scope, version)
    remove(client, table, gone)
    if gone.height:  # A run that read earlier may have written them since `_held`, before the removal was recorded.
        again = (
            _held(client, table, frame, scope)[0].filter(pl.col("_ver") <= version).join(gone, on=key, how="semi")
        )
        more(days_of(table, again))
        remove(client, table, again)
    # A run that read later may have removed them between `_held` and the insert.
    remove(client, table, removed_since(client, table, fresh))

    stay = changes.held.join(frame, on=key, how="anti").join(gone, on=key, how="anti")
    is_written = fresh.height > 0 or gone.height > 0
    # What was read before is the proof where nothing had to be written, if each row was there once.
    if reconcile and (is_written or changes.held.height != frame.height + stay.height):
        columns = [name for name in frame.columns if name != "_ver"]
        _reconcile(client, table, scope, pl.concat([frame.select(columns), stay.select(columns)]), fresh, version)
    changed = fresh.join(changes.held, on=key, how="semi").height
    result = Upserted(
        new=fresh.height - changed,
        changed=changed,
        removed=gone.height,
        unchanged=frame.height - fresh.height,
        kept=changes.absent.height - gone.height,
        overtaken=changes.overtaken,
        days=days,
        is_merged=changes.is_merged and not is_written,
    )
    words = ", ".join(f"{n} {what}" for what, n in result.as_dict().items() if n)
    logger.log(level if result.written else logging.DEBUG, "%s: %s", table.name, words)
    return result


def _changes(
    client: Client,
    table: Table,
    frame: pl.DataFrame,
    scope: Scope,
    version: int,
    protected: Sequence[pl.DataFrame],
    same: Sequence[str | pl.Expr],
    later: Callable[[pl.DataFrame], pl.DataFrame],
) -> Changes:
    """Of rows that are there as they came nothing more is asked: whoever wrote them, they are right."""
    key = list(table.key)
    held, is_merged = _held(client, table, frame, scope)
    fresh = _differing(frame, held, key)
    absent = held.join(frame, on=key, how="anti").filter(pl.col("_ver") <= version)
    both = frame.select(*key, "_ver").join(held.select(*key, pl.col("_ver").alias("_held")), on=key)
    known = [both.filter(pl.col("_held") > pl.col("_ver")).select(key)]
    if fresh.height:
        known += [_newer(client, table, fresh, version), removed_since(client, table, fresh).select(key)]
    if fresh.height or absent.height:
        known.append(later(pl.concat([frame.select(held.columns), held])).select(key))
    stale = pl.concat(known).unique()
    overtaken = pl.concat([frame.select(key), held.select(key)]).unique().join(stale, on=key, how="semi").height
    overtaken += held.filter(pl.col("_ver") > version).join(stale, on=key, how="anti").height
    frame = frame.join(stale, on=key, how="anti")
    absent = absent.join(stale, on=key, how="anti")
    fresh = fresh.join(stale, on=key, how="anti")
    gone = absent.clear() if table.keeps_vanished else absent
    for values in protected:
        gone = gone.join(values, on=values.columns, how="anti")
    if same:
        came = frame.join(held, on=key, how="anti")
        gone = pl.concat([gone, absent.join(came, on=list(same), how="semi", nulls_equal=True)]).unique()
    return Changes(held, frame, fresh, absent, gone, overtaken, is_merged)


def _differing(frame: pl.DataFrame, held: pl.DataFrame, key: list[str]) -> pl.DataFrame:
    """The rows of `frame` that are not held, or with another value in some column."""
    rest = [name for name in frame.columns if name not in (*key, "_ver")]
    was = held.select(*key, pl.struct(*rest, pl.lit(True).alias("_")).alias("_was"))
    both = frame.join(was, on=key, how="left", maintain_order="left")
    is_new = pl.col("_was").is_null()
    differs = [pl.col(name).ne_missing(pl.col("_was").struct.field(name)) for name in rest]
    return both.filter(pl.any_horizontal(is_new, *differs)).drop("_was")


def holds_exactly(client: Client, table: Table, frame: pl.DataFrame, scope: Scope) -> bool:
    """Whether the scope has these rows and the table is merged: then there is nothing to do, by one statement.
    For a table that keeps what vanished, whether it has them among others."""
    held, is_merged = _held(client, table, frame, scope)
    has_others = held.height > frame.height and not table.keeps_vanished
    return is_merged and not has_others and _differing(frame, held, list(table.key)).is_empty()


def distinct(client: Client, table: Table, column: str, scope: Scope) -> pl.DataFrame:
    """The distinct values of `column` in the scope."""
    sql = f"SELECT DISTINCT {column} FROM {table.name} FINAL WHERE {scope.where}"
    return select(client, sql, scope.parameters)


def merge(client: Client, *tables: str) -> None:
    """Merge the partitions that hold superseded or deleted rows, so that plain SELECTs without FINAL are right.

    Looks at the parts rather than at what this run wrote: it mends what an interrupted run left.
    """
    for table, partition in select(client, f"{_unmerged(client, *tables)} ORDER BY ALL").iter_rows():
        client.command(f"OPTIMIZE TABLE {stored(client, table)} PARTITION ID '{partition}' FINAL")


def _unmerged(client: Client, *tables: str) -> str:
    return (
        f"SELECT DISTINCT of, partition_id FROM ({parts(client, *tables)}) "
        "GROUP BY of, partition_id, server HAVING count() > 1 OR max(has_lightweight_delete)"
    )


def _held(client: Client, table: Table, frame: pl.DataFrame, scope: Scope) -> tuple[pl.DataFrame, bool]:
    """The scope's rows, with the columns and types of `frame`, and whether the whole table is surely merged."""
    unmerged = f"(SELECT count() FROM ({_unmerged(client, table.name)})) AS unmerged"
    sql = f"SELECT {', '.join(frame.columns)}, {unmerged} FROM {table.name} FINAL WHERE {scope.where}"
    held = select(client, sql, scope.parameters)
    is_merged = held.height > 0 and held["unmerged"][0] == 0
    return held.select(pl.col(name).cast(kind) for name, kind in frame.schema.items()), is_merged


def _newer(client: Client, table: Table, frame: pl.DataFrame, version: int) -> pl.DataFrame:
    """Keys of which a later read wrote a version, wherever it is: it may have moved a row out of the scope."""
    keys, few = ", ".join(table.key), frame.height <= _KEYS_A_QUERY
    oldest = int(frame["_ver"].min() or 0) if frame.height else version  # type: ignore[arg-type]
    # Replay loads rows read years ago, and all of the table is newer: only these keys are looked up.
    of_frame = f" AND ({keys}) IN %(keys)s" if few and frame.height else ""
    newer = select(
        client,
        f"SELECT {keys}, max(_ver) AS newest FROM {table.name} WHERE _ver > {oldest}{of_frame} GROUP BY {keys}",
        {"keys": _literals(frame.select(table.key))} if of_frame else None,
    )
    highest = newer["newest"].max()
    if isinstance(highest, int):
        _refuse_the_future(client, table, highest)
    newer = newer.with_columns(pl.col(name).cast(frame.schema[name]) for name in table.key)
    return (
        frame.select(*table.key, "_ver")
        .join(newer, on=list(table.key))
        .filter(pl.col("newest") > pl.col("_ver"))
        .select(table.key)
    )


def _refuse_the_future(client: Client, table: Table, version: int) -> None:
    """Of a clock that was set back since the run history knows: the next run's version is higher all the same."""
    now = select(
        client, "SELECT greatest(toInt64(max(_ver)), toUnixTimestamp64Milli(now64(3))) AS now FROM meta_job_runs"
    ).item()
    if version - now > _CLOCKS_DIFFER:
        raise WarehouseError(
            f"{table.name} holds rows written by a clock that was {(version - now) / 60_000:.0f} minutes ahead of "
            "the warehouse's, which no load can change. Set the clocks right, then delete those rows and load "
            "their days again."
        )


def days_of(table: Table, rows: pl.DataFrame) -> frozenset[date]:
    """The Moscow days of rows; none where the table is not kept by day."""
    if table.day is None or rows.is_empty():
        return frozenset()
    return frozenset(rows.select(table.day.alias("day"))["day"].unique())


def _days_elsewhere(client: Client, table: Table, changes: Changes, scope: Scope) -> frozenset[date]:
    """The days, outside the scope, from which rows come into it."""
    came = changes.fresh.join(changes.held, on=table.key, how="anti")
    if not table.moves or came.is_empty():
        return frozenset()
    where, given = _around(table, came)
    columns = [*table.key, table.moves]
    rows = select(
        client,
        f"SELECT DISTINCT {', '.join(columns)} FROM {table.name} WHERE {where} AND NOT ({scope.where})",
        {**scope.parameters, **given},
    )
    rows = rows.with_columns(pl.col(name).cast(came.schema[name]) for name in columns)
    return days_of(table, rows.join(came, on=table.key, how="semi"))


def _around(table: Table, rows: pl.DataFrame) -> tuple[str, dict[str, Any]]:
    """Where these rows are, all of one account; of many, also others whose numbers are between theirs."""
    number = table.key[-1]
    given: dict[str, Any] = {"of": rows["account"][0]}
    if rows.height <= _KEYS_A_QUERY:
        return f"account = {{of:String}} AND {number} IN {{numbers:Array(UInt64)}}", given | {
            "numbers": rows[number].to_list()
        }
    given |= {"low": rows[number].min(), "high": rows[number].max()}
    return f"account = {{of:String}} AND {number} BETWEEN {{low:UInt64}} AND {{high:UInt64}}", given


def remove_strays(
    client: Client, table: Table, fresh: pl.DataFrame, before: Callable[[frozenset[date]], None]
) -> None:
    """Remove older versions of these rows (the key, `_ver`) that are in another partition, where no merge would
    find them. `before` is called with the days of all versions, before any is removed."""
    if not table.moves or fresh.is_empty():
        return
    (where, given), keys = _around(table, fresh), ", ".join(table.key)
    month = pl.col(table.moves).dt.convert_time_zone("Europe/Moscow").dt.strftime("%Y%m")
    months = fresh.select(month.unique()).to_series()
    if months.len() == 1:  # They are in one partition, and few numbers between theirs are in others.
        there = f"SELECT {keys} FROM {table.name} WHERE {where} AND _partition_id != '{months[0]}'"
        where = f"{where} AND ({keys}) IN ({there})"
    _remove_strays_where(client, table, where, given, before)


def remove_strays_of_days(
    client: Client,
    table: Table,
    account: str,
    days: Collection[date],
    before: Callable[[frozenset[date]], None] = lambda _days: None,
) -> frozenset[date]:
    """The same of all rows that the account has on these days, of any run; the days of all versions of them."""
    if not table.moves or not days:
        return frozenset()
    keys = ", ".join(table.key)
    there = (
        f"SELECT {keys} FROM {table.name} WHERE account = {{account:String}} "
        f"AND toDate({table.moves}, 'Europe/Moscow') IN {{days:Array(Date)}}"
    )
    given = {"account": account, "days": sorted(days)}
    return _remove_strays_where(client, table, f"({keys}) IN ({there})", given, before)


def _remove_strays_where(
    client: Client,
    table: Table,
    where: str,
    given: Mapping[str, Any],
    before: Callable[[frozenset[date]], None],
) -> frozenset[date]:
    keys = ", ".join(table.key)
    found = select(
        client,
        f"SELECT {keys}, max(_ver) AS newest, groupUniqArray(toDate({table.moves}, 'Europe/Moscow')) AS days "
        f"FROM {table.name} WHERE {where} AND ({keys}) IN (SELECT {keys} FROM {table.name} WHERE {where} "
        f"GROUP BY {keys} HAVING min(_partition_id) != max(_partition_id)) GROUP BY {keys}",
        given,
    ).rename({"newest": "_ver"})
    days = frozenset(found["days"].explode())
    if found.height:
        before(days)
        _delete(client, table, found, "<")
    return days


def remove(client: Client, table: Table, rows: pl.DataFrame) -> None:
    """Delete rows (the key, `_ver`) with what they superseded. What another run wrote since they were read stays:
    a ticket that left this scope for another one is in the table already, under the same key."""
    _delete(client, table, rows, "<=")


def _delete(client: Client, table: Table, rows: pl.DataFrame, older: str) -> None:
    """Versions of each row that are `older` (< or <=) than its own."""
    keys = ", ".join(table.key)
    # Each character may be escaped, and each key may be of a version of its own.
    size = pl.sum_horizontal(2 * pl.col(name).cast(pl.String).str.len_bytes() + 4 for name in table.key) + 150
    of_chunk = rows.select(*table.key, "_ver").sort("_ver").with_columns(chunk=size.cum_sum() // _BYTES_A_DELETE)
    for chunk in of_chunk.partition_by("chunk", maintain_order=True, include_key=False):
        where, given = [], {}
        for rows_of_one in chunk.partition_by("_ver"):
            version = rows_of_one["_ver"][0]
            where.append(f"(({keys}) IN %(of_{version})s AND _ver {older} {version})")
            given[f"of_{version}"] = _literals(rows_of_one.select(table.key))
        client.command(f"DELETE FROM {stored(client, table.name)} WHERE {' OR '.join(where)}", parameters=given)


def _literals(keys: pl.DataFrame) -> Sequence[Any]:
    return keys.to_series().to_list() if keys.width == 1 else keys.rows()


def _reconcile(
    client: Client, table: Table, scope: Scope, expected: pl.DataFrame, fresh: pl.DataFrame, version: int
) -> None:
    sums = ", ".join(f"sum({m}) AS {m}" for m in table.measures)
    sql = f"SELECT count() AS rows{', ' + sums if sums else ''}, max(_ver) AS newest FROM {table.name} FINAL"
    there = select(client, f"{sql} WHERE {scope.where}", scope.parameters).row(0, named=True)
    newest = there.pop("newest")
    wanted = expected.select(pl.len().alias("rows"), pl.col(table.measures).sum()).row(0, named=True)
    if there == wanted:
        return
    is_overtaken = newest > version or last_removal(client, table) > version
    if is_overtaken or _newer(client, table, fresh, version).height:  # It may have moved a row out of the scope.
        logger.warning("%s: a newer run wrote meanwhile; its rows stay", table.name)
        return
    differing = ", ".join(
        f"{name} {there[name]} instead of {wanted[name]}" for name in wanted if there[name] != wanted[name]
    )
    raise ReconcileError(
        f"{table.name} was read back with {differing}. The run failed; run it again, and if it fails again "
        "look for another program that writes to this table."
    )
