"""No value is too odd or too many: any text in a key, thousands of rows, many partitions. And what a merge rewrites."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import polars as pl
import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from tasks.load.tables import Scope, Table
from tasks.load.upsert import Upserted, merge, upsert
from tests.tasks.load.engines import values
from tests.tasks.load.tickets import ids, load, ticket

ODD = Table("odd", key=("d", "name", "n"), measures=("amount",))
TEXTS = ["", " ", "О'Коннор", '"«»`', "\\", "\\'", "a\\b\\\\", "line\nbreak\r\ttab", "\0\b\f", "%(keys)s %s %"]
TEXTS += ["{x:UInt8}", "-- ; DROP TABLE odd", "/*", "NULL", "😀\u2028\ufeff"]
LARGEST = "9999999999999999.99"
Row = tuple[date, str, int, Decimal]


def test_a_null_where_none_may_be_fails_the_load_instead_of_becoming_a_zero(client: Client) -> None:
    with pytest.raises(ClickHouseError):
        load(client, [ticket(1) | {"amount": None}], version=1)

    assert ids(client) == []


@pytest.fixture
def odd(client: Client) -> Client:
    client.command(
        "CREATE OR REPLACE TABLE odd (d Date, name String, n UInt64, amount Decimal(18, 2), _ver UInt64) "
        "ENGINE = ReplacingMergeTree(_ver) PARTITION BY toYYYYMM(d) ORDER BY (d, name, n)"
    )
    return client


def load_odd(client: Client, loaded: list[Row], version: int) -> Upserted:
    kinds = {"d": pl.Date, "name": pl.String, "n": pl.UInt64, "amount": pl.Decimal(18, 2)}
    return upsert(client, ODD, pl.DataFrame(loaded, schema=kinds, orient="row"), Scope(), version)


def test_any_text_in_a_key_is_stored_found_and_removed(odd: Client) -> None:
    loaded = [(date(2026, 1, 31), text, n, Decimal(f"-{LARGEST}")) for n, text in enumerate(TEXTS)]
    load_odd(odd, loaded, 1)
    assert [name for (name,) in values(odd, "SELECT name FROM odd FINAL ORDER BY n")] == TEXTS
    assert load_odd(odd, loaded, 2) == Upserted(unchanged=len(TEXTS))

    for left in range(len(TEXTS) - 1, -1, -1):
        assert load_odd(odd, loaded[:left], 3) == Upserted(removed=1, unchanged=left)


def test_thousands_of_rows_are_removed_at_once(odd: Client) -> None:
    loaded = [(date(2026, 1, 1 + n % 28), "Ж'" * 10, n, Decimal("1.10")) for n in range(7000)]
    load_odd(odd, loaded, 1)

    assert load_odd(odd, loaded[::7], 2) == Upserted(removed=6000, unchanged=1000)
    merge(odd, "odd")
    assert values(odd, "SELECT count(), sum(amount), min(n % 7), max(n % 7) FROM odd") == [(1000, "1100.00", 0, 0)]
