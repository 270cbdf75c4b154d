"""Tickets that were sold in another currency than the report's: beside each row of a table, how many."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from clickhouse_connect.driver.client import Client

from tasks.load.frames import select
from tasks.load.sql import sql_text

Row = Mapping[str, Any]


def other_currencies(client: Client, first: date) -> list[dict[str, Any]]:
    """Of each day, city, source, campaign and currency; those before `first` on the day before it."""
    return select(client, sql_text("report/other_currencies.sql"), {"first": first}).to_dicts()


def is_comparable(tickets: int, foreign: int) -> bool:
    """Whether fewer than one ticket in ten is `foreign`, in another currency; `tickets` are in the report's."""
    return not foreign or 9 * foreign < tickets


def with_others(rows: Iterable[Row], others: Iterable[Row], *key: str) -> list[dict[str, Any]]:
    """The rows with `foreign`, the tickets of their key in other currencies, and `currencies`, which those are;
    `foreign_tagged`: of them the tickets with tags of ads."""
    of: dict[tuple[Any, ...], list[Row]] = {}
    for other in others:
        of.setdefault(tuple(other[name] for name in key), []).append(other)
    told = []
    for row in rows:
        its = of.get(tuple(row[name] for name in key), [])
        told.append(
            {
                **row,
                "foreign": sum(one["tickets"] for one in its),
                "foreign_tagged": sum(one["tickets"] for one in its if one["source"] != "other"),
                "currencies": tuple(sorted({one["currency"] for one in its})),
            }
        )
    return told


def of_days(others: Iterable[Row], first: date, last: date) -> list[Row]:
    return [one for one in others if first <= one["d"] <= last]
