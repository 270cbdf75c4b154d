"""What replay loads and what it lets go: the newest version of a row, and never over what is newer or was read later.

The plain functions of the tasks on a real warehouse, without a Prefect run.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import polars as pl
import pytest
from clickhouse_connect.driver.client import Client
from prefect.tasks import Task

from flows.qtickets import SOURCE as QTICKETS
from flows.replay import _replay
from flows.vk_ads import SOURCE as VK
from tasks import steps
from tasks.landing import Manifest
from tasks.load import runs
from tasks.load.frames import insert
from tasks.load.runs import Run
from tasks.settings import Settings
from tasks.sources.source import Source
from tasks.window import Window
from tests.tasks.load.engines import BOTH, _no_flow_run, client, settings_of, values
from tests.validation.ad_frames import ad_days, raw_vk
from tests.validation.frames import raw_orders
from validation.rules import TWICE
from validation.split import Split

__all__ = ["_no_flow_run", "client"]

NOW = datetime(2025, 7, 1, tzinfo=UTC)
RAW = {"qtickets": raw_orders, "vk_ads": raw_vk}
Row = dict[str, str | None]


@pytest.fixture(params=BOTH)
def settings(request: pytest.FixtureRequest, make_settings: Callable[..., Settings]) -> Settings:
    return settings_of(request.param, request, partial(make_settings, qtickets_token="t", vk_client_id="c"))


@pytest.fixture(autouse=True)
def _plain_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, one in vars(steps).copy().items():
        if isinstance(one, Task):
            monkeypatch.setattr(steps, name, one.fn)


def june(first: int, last: int) -> Window:
    return Window(first=date(2025, 6, first), last=date(2025, 6, last))


def order(number: int, price: str = "100", **given: str | None) -> Row:
    """One ticket paid on 1 June, for whose order the source gives no price of its own."""
    unknown = dict.fromkeys(("order_price", "order_original_price", "original_price"))
    return {"ticket_id": str(number), "order_id": str(1000 + number), "price": price} | unknown | given


def set_aside(
    settings: Settings,
    version: int,
    *wrong: Row,
    source: Source = QTICKETS,
    reason: str = "was refused by a rule of then",
    window: Window | None = None,
) -> None:
    """What a read of June rejected."""
    make, why = RAW[source.name], {"reason": reason, "column": "", "value": ""}
    part = Split(make().clear(), make(*wrong).with_columns(pl.lit(text).alias(name) for name, text in why.items()))
    resource = source.resources[0]
    manifest = Manifest(
        source=source.name,
        resource=resource.name,
        window=window or june(1, 30),
        fetched_at=NOW,
        paths=(),
        rows=0,
        version=version,
    )
    steps.set_aside(source, resource, settings, part, f"run-{version}", manifest)


def good_run(client: Client, settings: Settings, version: int, window: Window, source: Source = QTICKETS) -> None:
    """A run that read all of the window and went well."""
    run = Run(source.job, f"run-{version}", NOW + timedelta(seconds=version))
    metrics = {"window": {"first": window.first, "last": window.last}, "version": version}
    runs.begin(client, run, "loading")
    runs.end(client, run, "success", 1, "done", metrics | {"account": source.fingerprint(settings)})


def loaded(client: Client, version: int, *rows: Row) -> None:
    facts = QTICKETS.outputs[0].build({"orders": raw_orders(*rows)})
    insert(client, "stg_qtickets_tickets", facts.with_columns(pl.lit(version, pl.UInt64).alias("_ver")))


def tickets(client: Client) -> list[tuple[Any, ...]]:
    sql = "SELECT ticket_id, toString(amount), toUInt32(_ver) FROM stg_qtickets_tickets FINAL ORDER BY ticket_id"
    return values(client, sql)


def waiting(client: Client) -> list[str]:
    return [key for (key,) in values(client, "SELECT record_key FROM meta_quarantine FINAL ORDER BY record_key")]


def test_rows_whose_id_only_says_what_stood_there_are_not_one_row(client: Client, settings: Settings) -> None:
    unreadable = "text of 5 characters"
    set_aside(settings, 1, order(1, ticket_id=unreadable), window=june(1, 1))
    set_aside(settings, 2, order(2, ticket_id=unreadable), window=june(2, 2))

    assert waiting(client) == ["", ""]


def test_each_row_is_as_old_as_its_read(client: Client, settings: Settings) -> None:
    set_aside(settings, 10, order(1))
    set_aside(settings, 20, order(2), window=june(1, 2))

    assert _replay(QTICKETS, settings) == (2, 0)
    assert tickets(client) == [(1, "100", 10), (2, "100", 20)]
    assert waiting(client) == []


def test_of_two_rejected_versions_the_newer_one_is_loaded(client: Client, settings: Settings) -> None:
    """The later read was set aside first: the other run was slow."""
    set_aside(settings, 20, order(1, "200"))
    set_aside(settings, 10, order(1, "100"))
    assert waiting(client) == ["1", "1"]

    assert _replay(QTICKETS, settings) == (2, 0)
    assert tickets(client) == [(1, "200", 20)]
    assert waiting(client) == []


def test_where_the_newer_version_is_still_wrong_both_stay(client: Client, settings: Settings) -> None:
    set_aside(settings, 20, order(1, "-200"))
    set_aside(settings, 10, order(1, "100"))

    assert _replay(QTICKETS, settings) == (0, 2)
    assert tickets(client) == []


def test_what_is_newer_in_the_warehouse_stays(client: Client, settings: Settings) -> None:
    set_aside(settings, 10, order(1, "100"), order(2, "100"))
    loaded(client, 15, order(1, "300"))
    loaded(client, 5, order(2, "300"))

    assert _replay(QTICKETS, settings) == (2, 0)
    assert tickets(client) == [(1, "300", 15), (2, "100", 10)]


def test_a_row_that_was_one_too_many_does_not_take_the_place_of_the_right_one(
    client: Client, settings: Settings
) -> None:
    """Of two versions in one reply the newer was accepted, and found unchanged in the warehouse."""
    set_aside(settings, 10, order(1, "100"), reason=f"ticket_id {TWICE}")
    loaded(client, 5, order(1, "300"))

    assert _replay(QTICKETS, settings) == (0, 1)
    assert tickets(client) == [(1, "300", 5)]
    assert waiting(client) == ["1"]


def test_a_row_that_a_later_read_of_its_day_did_not_find_is_let_go_and_not_loaded(
    client: Client, settings: Settings
) -> None:
    set_aside(settings, 10, order(1), order(2, payed_at="2025-06-20T12:00:00+03:00"))
    good_run(client, settings, 20, june(1, 2))

    assert _replay(QTICKETS, settings) == (2, 0)
    assert [number for number, *_ in tickets(client)] == [2]


def test_a_row_that_the_later_read_rejected_too_is_loaded(client: Client, settings: Settings) -> None:
    set_aside(settings, 10, order(1))
    set_aside(settings, 20, order(1), window=june(1, 2))
    good_run(client, settings, 20, june(1, 2))

    assert _replay(QTICKETS, settings) == (1, 0)
    assert tickets(client) == [(1, "100", 20)]


def test_ten_thousand_rows_with_the_longest_numbers(client: Client, settings: Settings) -> None:
    most = 10**18 - 1
    set_aside(settings, 10, *(order(most - n, order_id=str(most - n)) for n in range(10_000)))

    assert _replay(QTICKETS, settings) == (10_000, 0)
    assert values(client, "SELECT toUInt32(count()), toString(sum(amount)) FROM stg_qtickets_tickets") == [
        (10_000, "1000000")
    ]


def test_an_ad_that_moved_to_another_campaign_is_not_counted_twice(client: Client, settings: Settings) -> None:
    """19 January: the warehouse has ten roubles under campaign 6."""
    insert(
        client,
        "fact_vk_ads_daily",
        ad_days({"ad_id": 5, "campaign_id": 6}).with_columns(pl.lit(5, pl.UInt64).alias("_ver")),
    )
    set_aside(settings, 10, {"ad_id": "5", "campaign_id": "7", "spent": "12"}, source=VK)

    assert _replay(VK, settings) == (1, 0)
    found = values(client, "SELECT toUInt32(campaign_id), toString(spent) FROM fact_vk_ads_daily FINAL")
    assert found == [(7, "12")]


@pytest.mark.parametrize(("window", "left"), [(june(1, 30), []), (june(1, 2), ["1"])], ids=["all", "some days"])
def test_a_late_run_sets_nothing_aside_of_days_that_were_read_later(
    client: Client, settings: Settings, window: Window, left: list[str]
) -> None:
    good_run(client, settings, 20, window)

    set_aside(settings, 10, order(1))

    assert waiting(client) == left


def test_a_late_run_sets_ad_days_aside_day_by_day(client: Client, settings: Settings) -> None:
    good_run(client, settings, 20, june(1, 2), VK)

    rows: list[Row] = [{"stat_date": f"2025-06-0{n}", "ad_id": "5"} for n in (2, 3)]
    set_aside(settings, 10, *rows, source=VK)

    assert [key[:10] for key in waiting(client)] == ["2025-06-03"]


def test_what_a_later_run_rejected_is_not_left_to_it(client: Client, settings: Settings) -> None:
    """Orders 1001 and 1002, both read at 10 by a run that writes after one that read at 20."""
    set_aside(settings, 20, order(1))
    good_run(client, settings, 20, june(1, 30))
    output = QTICKETS.outputs[0]
    facts = output.build({"orders": raw_orders(order(1), order(2))})

    left = steps.left_to_later_reads(client, QTICKETS, output, settings, facts, 10)

    assert left(facts)["order_id"].to_list() == [1002]
    set_aside(settings, 20, order(3, order_id="x"))
    left = steps.left_to_later_reads(client, QTICKETS, output, settings, facts, 10)
    assert left(facts).is_empty(), "nobody can tell which row it could not read"
