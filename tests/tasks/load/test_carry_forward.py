"""Columns that a source no longer names of an ad come from the newest row that has them; its own values stay."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from clickhouse_connect.driver.client import Client

from tasks.load.carry_forward import Unknown, carry_forward
from tasks.load.tables import Scope, Table
from tasks.load.upsert import upsert

ADS = Table("ads", key=("stat_date", "ad_id"))
_SCHEMA = {"stat_date": pl.Date, "ad_id": pl.UInt64, "city": pl.String, "day": pl.UInt8, "clicks": pl.UInt64}
Row = tuple[str, int, str | None, int | None, int]


@pytest.fixture
def ads(client: Client) -> Client:
    client.command(
        "CREATE OR REPLACE TABLE ads (account String DEFAULT 'main', stat_date Date, ad_id UInt64, "
        "city LowCardinality(String), day UInt8, clicks UInt64, _ver UInt64) "
        "ENGINE = ReplacingMergeTree(_ver) ORDER BY (account, stat_date, ad_id)"
    )
    return client


def frame(*rows: Row) -> pl.DataFrame:
    dated = [(date.fromisoformat(day), *others) for day, *others in rows]
    return pl.DataFrame(dated, schema=_SCHEMA, orient="row")


def carried(ads: Client, *rows: Row) -> list[Any]:
    found, _ = carry_forward(ads, "ads", "main", frame(*rows), {"city": ["city", "day"]}, by="ad_id")
    assert dict(found.schema) == _SCHEMA
    return found.select("ad_id", "city", "day", "clicks").rows()


def test_the_newest_row_that_has_the_columns_is_taken_for_each_ad(ads: Client) -> None:
    """Superseded versions do not count, whichever was written first, nor an ad of that number of another account."""
    known = [("2026-01-31", 1, "казань", 1, 5), ("2026-02-01", 1, "сочи", 1, 5), ("2026-02-02", 1, "", 0, 5)]
    upsert(ads, ADS, frame(*known, ("2026-01-05", 2, "сочи", 9, 5)), Scope(), 1)
    newer = frame(known[0], ("2026-02-01", 1, "москва", 2, 5), ("2026-01-05", 2, "сочи", 9, 5))
    upsert(ads, ADS, newer, Scope(), 2)
    ads.command("INSERT INTO ads VALUES ('main', '2026-01-05', 2, 'казань', 1, 5, 0)")
    ads.command("INSERT INTO ads SELECT 'spb', '2026-02-02', arrayJoin([1, 3]), 'омск', 7, 5, 9")
    forgotten: list[Row] = [("2026-02-03", n, None, None, n) for n in (2, 1, 3)]
    assert carried(ads, *forgotten) == [(2, "сочи", 9, 2), (1, "москва", 2, 1), (3, "", 0, 3)]
    own: list[Row] = [("2026-02-03", 1, "", 0, 7), ("2026-02-04", 1, "пермь", 3, 8)]
    assert carried(ads, *own) == [(1, "", 0, 7), (1, "пермь", 3, 8)], "also where it names nothing"


def test_each_group_of_columns_is_carried_by_itself_and_the_money_of_unknown_ads_is_counted(ads: Client) -> None:
    """Ad 1: the day is known to the source, the city to the warehouse. Ads 2 and 3: nobody knows the city."""
    upsert(ads, ADS, frame(("2026-01-31", 1, "казань", 9, 5)), Scope(), 1)
    rows: list[Row] = [("2026-02-03", 1, None, 4, 7), ("2026-02-03", 2, None, None, 8)]
    rows += [("2026-02-04", 2, None, 1, 1), ("2026-02-04", 3, None, 1, 9)]
    spent = frame(*rows).with_columns(pl.col("clicks").cast(pl.Decimal(18, 2)).alias("spent"))
    groups = {"city": ["city"], "day": ["day"]}
    found, unknown = carry_forward(ads, "ads", "main", spent, groups, by="ad_id", money=pl.col("spent"))
    assert found.select("ad_id", "city", "day").rows() == [(1, "казань", 4), (2, "", 0), (2, "", 1), (3, "", 1)]
    assert unknown == [Unknown("city", 2, Decimal("18.00")), Unknown("day", 1, Decimal("8.00"))]


def test_where_not_all_was_sent_what_is_known_goes_first_and_a_true_null_stays(ads: Client) -> None:
    """Of ad 1 not all came; ad 2 truly has no show."""
    ads.command("CREATE OR REPLACE TABLE shows (account String, ad_id UInt64, at Nullable(DateTime64(3, 'UTC')), "
                "_ver UInt64) ENGINE = ReplacingMergeTree(_ver) ORDER BY ad_id")  # fmt: skip
    ads.command("INSERT INTO shows SELECT 'main', arrayJoin([1, 2]), '2026-03-01 10:00:00', 1")
    sent, schema = datetime(2026, 3, 9, tzinfo=UTC), {"ad_id": pl.UInt64, "at": pl.Datetime("ms", "UTC")}
    rows = pl.DataFrame([(1, sent), (2, None), (3, sent)], schema=schema, orient="row")
    known = {"show": ["at"]}
    found, unknown = carry_forward(ads, "shows", "main", rows, known, "ad_id", unsent={"show": rows[::2]})
    assert found["at"].to_list() == [datetime(2026, 3, 1, 10, tzinfo=UTC), None, sent]
    assert unknown == [Unknown("show", 1, Decimal(0))]
