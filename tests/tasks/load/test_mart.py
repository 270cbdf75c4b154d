"""The mart follows its tables: of the days asked for, or of all, those on which it differs are restated and no other. Columns that a
source no longer names of an ad come from the newest row that has them; its own values stay."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import polars as pl
import pytest
from clickhouse_connect.driver.client import Client

from tasks.load import mart as module
from tasks.load.carry_forward import Unknown, carry_forward
from tasks.load.frames import insert
from tasks.load.mart import days_of_values, stale_days
from tasks.load.tables import Mart, Scope, Table
from tasks.load.upsert import Upserted, remove, upsert
from tasks.sources.ads import TAGS
from tasks.sources.qtickets import EVENTS, SALES
from tests.tasks.load.engines import values
from tests.tasks.load.tickets import Ticket, event, event_frame, load, ticket

MART = Mart(SALES, day="event_date")
OLD, MIDDLE, NEW = "2026-03-02", "2026-03-10", "2026-03-20"


def on(day: str, ticket_id: int, **given: object) -> Ticket:
    return ticket(ticket_id, paid=f"{day}T12:00", **given)


# The tickets that the days are made of.
HELD = {1: on(OLD, 1), 2: on(OLD, 2), 3: on(MIDDLE, 3, amount="0.10"), 4: on(NEW, 4, event_id=8)}


def load_events(client: Client, version: int, *events: dict[str, object]) -> None:
    upsert(client, EVENTS, event_frame(*events), Scope(), version)


def restate(client: Client, version: int) -> tuple[list[str], Upserted]:
    """The days that were restated, and what became of their rows."""
    days = stale_days(client, MART)
    return [day.isoformat() for day in days], module.restate(client, MART, version)


def mart(client: Client) -> list[tuple[object, ...]]:
    """Without FINAL, as a reader may ask who does not know of versions."""
    return values(client, f"SELECT event_date, event_id, city, event_name FROM {SALES.name} ORDER BY ALL")


@pytest.fixture
def three_days(client: Client) -> Client:
    load_events(client, 1, event(7), event(8))
    load(client, list(HELD.values()), version=1)
    assert restate(client, 1) == ([OLD, MIDDLE, NEW], Upserted(new=3))
    return client


def test_rows_of_many_long_names_are_removed(client: Client) -> None:
    table, name = TAGS[0].table, pl.lit("реклама" * 30)
    few = {"month": date(2026, 3, 1), "source": "direct", "utm_content": "x", "tickets_sold": 1, "_ver": 1}
    rows = pl.DataFrame({"n": range(1500)}).select(
        pl.format("{} {}", "n", name).alias("utm_campaign"), *(pl.lit(value).alias(n) for n, value in few.items())
    )
    insert(client, table.name, rows)
    remove(client, table, rows)
    assert values(client, f"SELECT count() FROM {table.name}") == [(0,)]


def test_a_renamed_event_is_renamed_on_all_its_days_and_on_no_other(three_days: Client) -> None:
    """And they are found by what the mart shows of the account."""
    load_events(three_days, 2, event(7, name="Лекция о Петербурге", city="санкт-петербург"), event(8))
    days = days_of_values(three_days, MART, "main", pl.Series("event_id", [7]))
    assert days_of_values(three_days, MART, "spb", pl.Series("event_id", [7])) == set()
    assert module.restate(three_days, MART, 2, days=days) == Upserted(changed=2)
    assert restate(three_days, 3) == ([], Upserted())
    renamed = ("санкт-петербург", "Лекция о Петербурге")
    assert [line[2:4] for line in mart(three_days)] == [renamed, renamed, ("москва", "Лекция")]


def test_rows_that_were_written_into_the_mart_by_hand_are_put_right(three_days: Client) -> None:
    three_days.command(
        f"INSERT INTO {SALES.name} VALUES ('{OLD}', 'main', 7, 'RUB', 'москва', 'Лекция', 2, 999.99, 0, 5)"
    )
    three_days.command(f"INSERT INTO {SALES.name} VALUES ('2020-01-01', 'main', 1, 'RUB', '', '', 1, 1, 0, 5)")
    assert module.restate(three_days, MART, 6, days=[date(2026, 3, 20)]) == Upserted()
    assert restate(three_days, 6) == (["2020-01-01", OLD], Upserted(changed=1, removed=1))


FEWER = [on(OLD, 1), on(NEW, 4, event_id=8)]
MORE = [on(OLD, 1), on(OLD, 2, amount="0.01"), on(MIDDLE, 3, amount="7"), on(NEW, 4, event_id=8)]


def after(name: str, other_run: Callable[[], object]) -> AbstractContextManager[object]:
    """Let the other run go ahead right after the first time that ours has done this step."""
    original, waiting = getattr(module, name), [other_run]

    def followed(*given: Any) -> Any:
        done = original(*given)
        if waiting:
            waiting.pop()()
        return done

    return patch.object(module, name, followed)


@pytest.mark.parametrize(
    ("step", "ours", "theirs", "ahead"),
    [
        ("_differing", MORE, FEWER, 5), ("insert", MORE, FEWER, 5), ("remove", MORE, FEWER, -5),
        ("_differing", FEWER, MORE, -5), ("insert", FEWER, MORE, 0),
    ],
)  # fmt: skip
def test_runs_that_restate_at_once_agree(three_days: Client, step: str, ours: Any, theirs: Any, ahead: int) -> None:
    """A run of another process loads and restates while this one does. Its clock may differ."""
    load(three_days, ours, version=20)

    def other() -> None:
        load(three_days, theirs, version=30)
        module.restate(three_days, MART, 20 + ahead)

    with after(step, other), patch.object(module, "_one_at_a_time", nullcontext()):
        module.restate(three_days, MART, 20)
    assert stale_days(three_days, MART) == []
    assert [line[0] for line in mart(three_days)] == ([OLD, MIDDLE, NEW] if theirs is MORE else [OLD, NEW])


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
