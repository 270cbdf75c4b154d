"""No text in a key is too odd."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import polars as pl
import pytest
from clickhouse_connect.driver.client import Client

from tasks.load.tables import Scope, Table
from tasks.load.upsert import Upserted, upsert
from tests.tasks.load.engines import values

ODD = Table("odd", key=("d", "name", "n"), measures=("amount",))
TEXTS = ["", " ", "О'Коннор", '"«»`', "\\", "\\'", "a\\b\\\\", "line\nbreak\r\ttab", "\0\b\f", "%(keys)s %s %"]
TEXTS += ["{x:UInt8}", "-- ; DROP TABLE odd", "/*", "NULL", "😀\u2028\ufeff"]
LARGEST = "9999999999999999.99"
Row = tuple[date, str, int, Decimal]


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
