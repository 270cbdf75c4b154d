"""What a source forgot of an ad is filled in from the newest row that knew; what it says itself is left alone."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from clickhouse_connect.driver.client import Client

from tasks.load.carry_forward import Unknown, carry_forward
from tasks.load.tables import Scope, Table
from tasks.load.upsert import distinct, upsert

ADS = Table("ads", key=("stat_date", "ad_id"))
_SCHEMA = {"stat_date": pl.Date, "ad_id": pl.UInt64, "city": pl.String, "day": pl.UInt8, "clicks": pl.UInt64}
Row = tuple[str, int, str | None, int | None, int]


@pytest.fixture
def ads(client: Client) -> Client:
    client.command(
        "CREATE TABLE ads (stat_date Date, ad_id UInt64, city LowCardinality(String), day UInt8, clicks UInt64, "
        "_ver UInt64) ENGINE = ReplacingMergeTree(_ver) ORDER BY (stat_date, ad_id)"
    )
    return client


def frame(*rows: Row) -> pl.DataFrame:
    dated = [(date.fromisoformat(day), *others) for day, *others in rows]
    return pl.DataFrame(dated, schema=_SCHEMA, orient="row")


def remembered(ads: Client, *rows: Row) -> list[Any]:
    found, _ = carry_forward(ads, "ads", frame(*rows), {"city": ["city", "day"]}, by="ad_id")
    assert dict(found.schema) == _SCHEMA
    return found.select("ad_id", "city", "day", "clicks").rows()


def test_the_newest_row_that_knew_is_taken_for_each_ad(ads: Client) -> None:
    known = [("2026-01-31", 1, "казань", 1, 5), ("2026-02-01", 1, "москва", 2, 5), ("2026-02-02", 1, "", 0, 5)]
    upsert(ads, ADS, frame(*known, ("2026-01-05", 2, "сочи", 9, 5)), Scope(), 1)

    forgotten: list[Row] = [("2026-02-03", 2, None, None, 7), ("2026-02-03", 1, None, None, 8)]

    assert remembered(ads, *forgotten) == [(2, "сочи", 9, 7), (1, "москва", 2, 8)]


def test_an_ad_that_nothing_is_known_of_gets_nothing(ads: Client) -> None:
    assert remembered(ads, ("2026-02-03", 1, None, None, 7)) == [(1, "", 0, 7)]


def test_what_the_source_says_is_left_alone_also_where_it_says_that_there_is_nothing(ads: Client) -> None:
    upsert(ads, ADS, frame(("2026-01-31", 1, "казань", 1, 5)), Scope(), 1)

    assert remembered(ads, ("2026-02-03", 1, "", 0, 7), ("2026-02-04", 1, "пермь", 3, 8)) == [
        (1, "", 0, 7),
        (1, "пермь", 3, 8),
    ]


def test_superseded_rows_are_not_remembered(ads: Client) -> None:
    """Whichever of the two versions of a row was written first."""
    upsert(ads, ADS, frame(("2026-01-31", 1, "казань", 1, 5)), Scope(), 1)
    upsert(ads, ADS, frame(("2026-01-31", 1, "москва", 1, 5), ("2026-01-31", 2, "москва", 1, 5)), Scope(), 2)
    ads.command("INSERT INTO ads VALUES ('2026-01-31', 2, 'казань', 1, 5, 1)")

    forgotten: list[Row] = [("2026-02-03", 1, None, None, 7), ("2026-02-03", 2, None, None, 7)]

    assert remembered(ads, *forgotten) == [(1, "москва", 1, 7), (2, "москва", 1, 7)]


def test_tens_of_thousands_of_forgotten_ads_are_asked_for_at_once(ads: Client) -> None:
    ids = [2**63 + n for n in range(30_000)]
    upsert(ads, ADS, frame(*(("2026-01-31", n, "казань", 1, 5) for n in ids[::2])), Scope(), 1)

    found = remembered(ads, *(("2026-02-03", n, None, None, 7) for n in ids))

    assert [(ad, city) for ad, city, *_ in found] == [(n, "" if n % 2 else "казань") for n in ids]


def test_the_values_of_a_scope_are_those_of_its_newest_rows(ads: Client) -> None:
    upsert(ads, ADS, frame(("2026-01-31", 1, "казань", 1, 5), ("2026-02-01", 2, "казань", 1, 5)), Scope(), 1)
    upsert(ads, ADS, frame(("2026-01-31", 1, "сочи", 1, 5), ("2026-02-01", 2, "пермь", 1, 5)), Scope(), 2)
    january = Scope("stat_date < {day:Date}", {"day": date(2026, 2, 1)})

    assert distinct(ads, ADS, "city", january)["city"].to_list() == ["сочи"]
    assert sorted(distinct(ads, ADS, "city", Scope())["city"]) == ["пермь", "сочи"]


def test_each_group_of_columns_is_carried_by_itself_and_what_stays_unknown_is_counted(ads: Client) -> None:
    """Ad 1: the day is known to the source, the city to the warehouse. Ads 2 and 3: nobody knows the city."""
    upsert(ads, ADS, frame(("2026-01-31", 1, "казань", 9, 5)), Scope(), 1)
    rows = [("2026-02-03", 1, None, 4, 7), ("2026-02-03", 2, None, None, 8), ("2026-02-04", 2, None, 1, 1)]
    money = frame(*rows, ("2026-02-04", 3, None, 1, 9)).with_columns(
        pl.col("clicks").cast(pl.Decimal(18, 2)).alias("spent")
    )

    found, unknown = carry_forward(
        ads, "ads", money, {"city": ["city"], "day": ["day"]}, by="ad_id", money=pl.col("spent")
    )

    assert found.select("ad_id", "city", "day").rows() == [(1, "казань", 4), (2, "", 0), (2, "", 1), (3, "", 1)]
    assert unknown == [Unknown("city", 2, Decimal("18.00")), Unknown("day", 1, Decimal("8.00"))]


def test_what_has_no_number_is_not_taken_for_another_that_has_none(ads: Client) -> None:
    """Ads of Direct's campaign wizard: day stands for the campaign. Nothing is known of campaign 2."""
    upsert(ads, ADS, frame(("2026-01-31", 0, "казань", 1, 5)), Scope(), 1)
    rows = frame(("2026-02-03", 0, None, 1, 7), ("2026-02-03", 0, None, 2, 8))

    found, unknown = carry_forward(ads, "ads", rows, {"city": ["city"]}, by="ad_id", nameless="day")

    assert found.select("city", "day").rows() == [("казань", 1), ("", 2)]
    assert [(one.what, one.count) for one in unknown] == [("city", 1)]
