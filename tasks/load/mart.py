"""Keep a mart equal to the tables that it is computed from: facts, and small reference tables."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from datetime import date

import polars as pl
from clickhouse_connect.driver.client import Client

from tasks.errors import ReconcileError
from tasks.load.frames import insert, select
from tasks.load.sql import sql_text
from tasks.load.tables import Mart, Scope, Table
from tasks.load.upsert import Upserted, merge, remove
from tasks.reference import cities, utm_sources, vat_rates

logger = logging.getLogger("zakaz.load")

_CITIES = Table("dim_cities", key=("city",))
_SOURCES = Table("dim_utm_sources", key=("utm_source",))
_VAT = Table("dim_vat_rates", key=("valid_from",))
_REPORT = Table("dim_report", key=("one",))
AD_SHOWS = Table("dim_ad_shows", key=("source", "campaign_id", "ad_id"))
_ALL = Scope()
_ROUNDS = 10
"""How often other runs may change the mart's tables while this one writes it."""
_IDS_A_QUERY = 5_000
"""Of twenty digits at most: a server takes 128 KiB a parameter."""
_one_at_a_time = threading.Lock()
"""Of this process, in which many accounts may be loaded: they would write the same days again and again."""


def restate(
    client: Client,
    mart: Mart,
    version: int | None,
    prove: Callable[[pl.DataFrame], pl.DataFrame] = lambda rows: rows,
    days: Iterable[date] | None = None,
    *,
    merges: bool = True,
) -> Upserted:
    """Write those of the `days`, or of all days, on which the mart differs from its query, until none of them does.

    Compared again after writing, since other runs may restate the mart at the same time (all sources share one):
    what this run read may have changed before it wrote. `version`: of what is written, unless the mart holds higher
    ones, as of a worker whose clock is ahead; None: by the warehouse's clock. `prove`: applied to what is to be
    written. `merges`: False where the caller does it.
    Raises ReconcileError where days still differ in the end.
    """
    if days is not None and not (days := set(days)):
        return Upserted()
    scope = _ALL if days is None else _only(mart, days)
    with _one_at_a_time:
        try:
            return _restate(client, mart, version, prove, scope)
        finally:
            if merges:
                merge(client, mart.table.name)


def _restate(
    client: Client,
    mart: Mart,
    version: int | None,
    prove: Callable[[pl.DataFrame], pl.DataFrame],
    scope: Scope,
) -> Upserted:
    """Whoever writes last compares last, and so puts right what one of two runs made of what it had read too
    early."""
    written = Upserted()
    for _ in range(_ROUNDS):
        differing = _differing(client, mart, scope, version)
        if differing.is_empty():
            return written
        written += _write(client, mart, differing, prove)
        scope = _only(mart, differing[mart.day])
    if not (stale := stale_days(client, mart, scope)):
        return written
    raise ReconcileError(
        f"{mart.table.name} was written {_ROUNDS} times and still is not what it is made of on {len(stale)} days, "
        f"the first {stale[0]}. The run failed; run it again, and if it fails again look for another program that "
        "writes to this table."
    )


def stale_days(client: Client, mart: Mart, scope: Scope = _ALL) -> list[date]:
    """The days of the scope on which the mart differs from its query, in order."""
    return sorted(set(_differing(client, mart, scope, None)[mart.day]))


def _differing(client: Client, mart: Mart, scope: Scope, version: int | None) -> pl.DataFrame:
    """The rows that the mart and its query do not have alike: `side` is positive where the mart lacks the row, and
    negative where it should not have it. `_ver`: for what is written, at least `version` and higher than all
    before. Both have the same columns in the same order, the mart its `_ver` besides."""
    sides = ((1, f"* FROM ({_made(mart)})"), (-1, f"* EXCEPT _ver FROM {mart.table.name} FINAL"))
    least = "toUnixTimestamp64Milli(now64(3))" if version is None else version
    both = " UNION ALL ".join(f"SELECT {n} AS n, {rows} WHERE {scope.where}" for n, rows in sides)
    return select(
        client,
        "SELECT * EXCEPT n, sum(n) AS side, "
        f"greatest(toUInt64({least}), (SELECT max(_ver) + 1 FROM {mart.table.name})) AS _ver "
        f"FROM ({both}) GROUP BY ALL HAVING side != 0",
        scope.parameters,
    )


def days_of_values(client: Client, mart: Mart, account: str, values: pl.Series) -> set[date]:
    """The days on which the account's rows of the mart have one of these numbers in the column of that name."""
    sql = (
        f"SELECT DISTINCT {mart.day} AS day FROM {mart.table.name} FINAL "
        f"WHERE account = {{account:String}} AND {values.name} IN {{ids:Array(UInt64)}}"
    )
    days: set[date] = set()
    for ids in values.to_frame().iter_slices(_IDS_A_QUERY):
        days |= {*select(client, sql, {"account": account, "ids": ids.to_series().to_list()})["day"]}
    return days


def not_exactly(client: Client, tables: Iterable[tuple[Table, pl.DataFrame]]) -> list[tuple[Table, pl.DataFrame]]:
    """Those of the tables that do not hold their rows, each once: no older version waits to be merged. They are
    small, and all are read by one statement."""
    tables = list(tables)
    held = select(
        client,
        "SELECT "
        + ", ".join(
            f"(SELECT groupArray(tuple({', '.join(rows.columns)})) FROM {table.name}) AS {table.name}"
            for table, rows in tables
        ),
    )
    return [(table, rows) for table, rows in tables if not _is_exactly(held[table.name], table, rows)]


def _is_exactly(held: pl.Series, table: Table, rows: pl.DataFrame) -> bool:
    """`held`: one list of structs, whose fields are in the order of the columns."""
    key = list(table.key)
    fields = held.explode(empty_as_null=False).struct.rename_fields(rows.columns).struct.unnest()
    return fields.cast(rows.schema).sort(key).equals(rows.sort(key))


def reference_tables(currency: str, spend_with_vat: bool) -> list[tuple[Table, pl.DataFrame]]:
    """Small tables by which the views join and convert, each with all its rows: data, so that a changed file or
    setting restates all days."""
    report = pl.DataFrame(
        {"one": [1], "currency": [currency], "spend_with_vat": [int(spend_with_vat)]},
        schema={"one": pl.UInt8, "currency": pl.String, "spend_with_vat": pl.UInt8},
    )
    known = cities().select("city").unique()
    return [
        (_CITIES, known),
        (_SOURCES, utm_sources().unique("utm_source")),
        (_VAT, vat_rates()),
        (_REPORT, report),
    ]


def _write(
    client: Client, mart: Mart, differing: pl.DataFrame, prove: Callable[[pl.DataFrame], pl.DataFrame]
) -> Upserted:
    """Write what the mart lacks of the `differing` rows and remove what it should not have."""
    key = list(mart.table.key)
    made = prove(differing.filter(pl.col("side") > 0).drop("side", "_ver"))
    held = differing.filter(pl.col("side") < 0)
    gone = held.join(made, on=key, how="anti")
    insert(client, mart.table.name, made.with_columns(pl.lit(differing["_ver"][0], pl.UInt64).alias("_ver")))
    remove(client, mart.table, gone)
    changed = held.height - gone.height
    done = Upserted(new=made.height - changed, changed=changed, removed=gone.height)
    logger.info("%s: %s", mart.table.name, ", ".join(f"{n} {what}" for what, n in done.as_dict().items() if n))
    return done


def _only(mart: Mart, days: Iterable[date]) -> Scope:
    """Of a mart by month the whole months."""
    firsts = {day.replace(day=1) if mart.by_month else day for day in days}
    return Scope(f"{mart.day} IN {{days:Array(Date)}}", {"days": sorted(firsts)})


def _made(mart: Mart) -> str:
    return sql_text(f"marts/{mart.table.name}.sql")
