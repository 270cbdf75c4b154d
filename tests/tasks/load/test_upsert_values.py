"""No value is too odd or too many: money at its limits, nulls, any text in a key, thousands of rows, partitions."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import polars as pl
import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tasks.load.tables import Scope, Table
from tasks.load.upsert import Upserted, merge, upsert
from tests.tasks.load.engines import rows, values
from tests.tasks.load.tickets import ids, load, stored, ticket, utc, written

ODD = Table("odd", key=("d", "name", "n"), measures=("amount",))
_ODD = {"d": pl.Date, "name": pl.String, "n": pl.UInt64, "amount": pl.Decimal(18, 2)}
LARGEST = "9999999999999999.99"
TEXTS = [
    "",
    " ",
    "О'Коннор",
    'кавычки "«»"',
    "\\",
    "\\'",
    "a\\b\\\\",
    "`имя`",
    "line\nbreak\r\ttab",
    "\0\b\f",
    "%(keys)s %s %",
    "{x:UInt8}",
    "-- ; DROP TABLE odd",
    "/*",
    "NULL",
    "😀\u2028\ufeff",
]
Row = tuple[date, str, int, Decimal]


@pytest.fixture
def odd(client: Client) -> Client:
    """A table whose key has a date, any text and a number."""
    client.command(
        "CREATE TABLE odd (d Date, name String, n UInt64, amount Decimal(18, 2), _ver UInt64) "
        "ENGINE = ReplacingMergeTree(_ver) PARTITION BY toYYYYMM(d) ORDER BY (d, name, n)"
    )
    return client


def load_odd(client: Client, loaded: list[Row], version: int) -> Upserted:
    return upsert(client, ODD, pl.DataFrame(loaded, schema=_ODD, orient="row"), Scope(), version)


def stored_odd(client: Client) -> list[tuple[object, ...]]:
    return values(client, "SELECT d, name, n, amount FROM odd FINAL ORDER BY n")


def test_money_keeps_its_kopecks_up_to_the_largest_amount(client: Client) -> None:
    extremes = [ticket(n, amount=amount) for n, amount in enumerate([LARGEST, LARGEST, "0.01", "0.00"], 1)]

    assert load(client, extremes, version=1) == Upserted(new=4)

    assert stored(client) == [written(row) for row in extremes]
    assert rows(client, "SELECT sum(amount) AS s FROM stg_qtickets_tickets") == [{"s": "19999999999999999.99"}]
    assert load(client, extremes, version=2) == Upserted(unchanged=4)


def test_one_kopeck_of_difference_is_a_change(client: Client) -> None:
    load(client, [ticket(1, amount=LARGEST), ticket(2, amount="0.10")], version=1)

    assert load(client, [ticket(1, amount=LARGEST[:-1] + "8"), ticket(2, amount="0.11")], version=2).changed == 2


def test_negative_money_is_stored_and_compared_as_any(odd: Client) -> None:
    lowest = (date(2026, 1, 1), "a", 1, Decimal(f"-{LARGEST}"))
    load_odd(odd, [lowest], 1)

    assert stored_odd(odd) == [("2026-01-01", "a", 1, f"-{LARGEST}")]
    assert load_odd(odd, [lowest], 2) == Upserted(unchanged=1)


def test_instants_keep_their_milliseconds_and_their_nulls(client: Client) -> None:
    exact = ticket(1, paid="2026-03-10T12:00:00.123", ordered_at=utc("2000-01-01T00:00:00.001"))
    none = ticket(2, paid=None)

    load(client, [exact, none], version=1)

    assert stored(client) == [written(exact), written(none)]
    assert load(client, [exact, none], version=2) == Upserted(unchanged=2)


def test_a_null_where_none_may_be_fails_the_load_instead_of_becoming_a_zero(client: Client) -> None:
    with pytest.raises(ClickHouseError):
        load(client, [ticket(1) | {"amount": None}], version=1)

    assert ids(client) == []


def test_any_text_in_a_key_is_stored_found_and_removed(odd: Client) -> None:
    loaded = [(date(2026, 1, 31), text, n, Decimal(n)) for n, text in enumerate(TEXTS)]
    load_odd(odd, loaded, 1)
    assert [row[1] for row in stored_odd(odd)] == TEXTS
    assert load_odd(odd, loaded, 2) == Upserted(unchanged=len(TEXTS))

    for left in range(len(TEXTS) - 1, -1, -1):
        assert load_odd(odd, loaded[:left], 3) == Upserted(removed=1, unchanged=left)


def test_of_a_key_of_several_columns_every_one_counts(odd: Client) -> None:
    first, second = date(2026, 1, 1), date(2026, 1, 2)
    all_eight = [(d, name, n, Decimal(1)) for d in (first, second) for name in ("a", "a'") for n in (1, 2**64 - 1)]
    load_odd(odd, all_eight, 1)

    assert load_odd(odd, all_eight[:5] + all_eight[6:], 2) == Upserted(removed=1, unchanged=7)
    assert values(odd, "SELECT d, name, n FROM odd FINAL WHERE d = '2026-01-02' ORDER BY name, n") == [
        ("2026-01-02", "a", 1),
        ("2026-01-02", "a'", 1),
        ("2026-01-02", "a'", 2**64 - 1),
    ]


@given(data=st.data())
@hypothesis_settings(
    max_examples=25, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_of_any_rows_exactly_the_missing_ones_are_removed(odd: Client, data: st.DataObject) -> None:
    odd.command("TRUNCATE TABLE odd")
    keys = st.tuples(
        st.dates(date(2025, 12, 31), date(2026, 2, 1)),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
        st.integers(0, 2**64 - 1),
    )
    drawn = data.draw(st.lists(keys, min_size=1, max_size=12, unique=True))
    loaded = [(*key, Decimal("0.01")) for key in drawn]
    left = data.draw(st.lists(st.sampled_from(loaded), unique=True))
    load_odd(odd, loaded, 1)

    assert load_odd(odd, left, 2) == Upserted(removed=len(loaded) - len(left), unchanged=len(left))
    found = values(odd, "SELECT d, name, n FROM odd FINAL")
    assert sorted(found) == sorted((d.isoformat(), name, n) for d, name, n, _ in left)


def test_thousands_of_rows_are_removed_at_once(odd: Client) -> None:
    loaded = [(date(2026, 1, 1 + n % 28), "Ж'" * 10, n, Decimal("1.10")) for n in range(7000)]
    load_odd(odd, loaded, 1)

    assert load_odd(odd, loaded[::7], 2) == Upserted(removed=6000, unchanged=1000)
    merge(odd, "odd")
    assert values(odd, "SELECT count(), sum(amount), min(n % 7), max(n % 7) FROM odd") == [(1000, "1100.00", 0, 0)]


def test_a_load_may_open_more_than_a_hundred_monthly_partitions(odd: Client) -> None:
    loaded = [(date(2010, 1, 15) + timedelta(days=30 * n), "a", n, Decimal("0.01")) for n in range(180)]

    assert load_odd(odd, loaded, 1) == Upserted(new=180)
    assert values(odd, "SELECT count(), uniqExact(toYYYYMM(d)) > 100, sum(amount) FROM odd") == [(180, 1, "1.80")]
