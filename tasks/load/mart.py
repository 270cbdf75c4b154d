"""Keep a mart equal to the tables that it is computed from: facts, and small reference tables."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from datetime import date

import polars as pl
from clickhouse_connect.driver.client import Client

from tasks.errors import ReconcileError
from tasks.load.frames import select
from tasks.load.sql import sql_text
from tasks.load.tables import Mart, Scope, Table
from tasks.load.upsert import Upserted, merge, upsert
from tasks.reference import cities, utm_sources, vat_rates

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
    version: int,
    prove: Callable[[pl.DataFrame], pl.DataFrame] = lambda rows: rows,
    days: Iterable[date] | None = None,
) -> Upserted:
    """Write those of the `days`, or of all days, on which the mart differs from its query, until none of them does.

    Compared again after writing, since other runs may restate the mart at the same time (all sources share one):
    what this run read may have changed before it wrote. `version`: of what is written, unless the mart holds higher
    ones, as of a worker whose clock is ahead. `prove`: applied to what is to be written.
    Raises ReconcileError where days still differ in the end.
    """
    if days is not None and not (days := set(days)):
        return Upserted()
    with _one_at_a_time:
        return _restate(client, mart, version, prove, None if days is None else _days_of(mart, days))


def _restate(
    client: Client,
    mart: Mart,
    version: int,
    prove: Callable[[pl.DataFrame], pl.DataFrame],
    days: list[date] | None,
) -> Upserted:
    """Days that are given are brought to what they should be at once, and compared only if that changed any."""
    written = Upserted()
    try:
        stale = stale_days(client, mart) if days is None else days
        for _ in range(_ROUNDS):
            if not stale:
                return written
            done = _write(client, mart, stale, version, prove)
            # A row that another run wrote later may be of one that died since.
            if stale is days and not (done.written or done.overtaken):
                return done
            written += done
            stale = stale_days(client, mart, _only(mart, stale))
        if not stale:
            return written
    finally:
        merge(client, mart.table.name)
    raise ReconcileError(
        f"{mart.table.name} was written {_ROUNDS} times and still is not what it is made of on {len(stale)} days, "
        f"the first {stale[0]}. The run failed; run it again, and if it fails again look for another program that "
        "writes to this table."
    )


def stale_days(client: Client, mart: Mart, scope: Scope = _ALL) -> list[date]:
    """The days of the scope on which the mart differs from its query, in order. Both have the same columns in the
    same order, the mart its `_ver` besides."""
    sides = ((1, f"* FROM ({_made(mart)})"), (-1, f"* EXCEPT _ver FROM {mart.table.name} FINAL"))
    both = " UNION ALL ".join(f"SELECT {n} AS side, {rows} WHERE {scope.where}" for n, rows in sides)
    stale = select(
        client,
        f"SELECT DISTINCT {mart.day} AS day "
        f"FROM (SELECT * EXCEPT side FROM ({both}) GROUP BY ALL HAVING sum(side) != 0) ORDER BY day",
        scope.parameters,
    )
    return stale["day"].to_list()


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


def is_exactly(client: Client, table: Table, rows: pl.DataFrame) -> bool:
    """Whether the table holds these rows, each once: no older version waits to be merged."""
    held = select(client, f"SELECT {', '.join(rows.columns)} FROM {table.name}")
    key = list(table.key)
    return held.cast(rows.schema).sort(key).equals(rows.sort(key))


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
    client: Client, mart: Mart, days: list[date], version: int, prove: Callable[[pl.DataFrame], pl.DataFrame]
) -> Upserted:
    scope = _only(mart, days)
    # Before reading: of two runs that restate at once, the one that read later must win.
    newest = select(client, f"SELECT max(_ver) AS newest FROM {mart.table.name}").item()
    rows = prove(select(client, f"SELECT * FROM ({_made(mart)}) WHERE {scope.where}", scope.parameters))
    return upsert(client, mart.table, rows, scope, max(version, newest + 1), reconcile=False)


def _days_of(mart: Mart, days: Iterable[date]) -> list[date]:
    """In order; of a mart by month the first of each month."""
    return sorted({day.replace(day=1) if mart.by_month else day for day in days})


def _only(mart: Mart, days: list[date]) -> Scope:
    return Scope(f"{mart.day} IN {{days:Array(Date)}}", {"days": days})


def _made(mart: Mart) -> str:
    return sql_text(f"marts/{mart.table.name}.sql")
