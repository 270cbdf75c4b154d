"""Rejected rows: set aside with a reason, the rest loaded, tried again, and let go only for what is in the warehouse. A load
that is refused: one line that says what to do, a failed run in the history, and what is loaded stays."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from clickhouse_connect.driver.client import Client

from tasks import steps
from tasks.ingest import PLAIN
from tasks.landing import Manifest
from tasks.load import runs
from tasks.load.frames import insert, select
from tasks.load.runs import Run
from tasks.replay import _replay
from tasks.settings import Settings
from tasks.sources import SOURCES
from tasks.sources.accounts import Account
from tasks.window import Window
from tests.flows import truth
from tests.path.conftest import TABLES, Scene, the_world
from tests.validation.frames import ad_days, raw_orders, raw_vk
from validation.rules import TWICE
from validation.split import Split

NOW = datetime(2025, 7, 1, tzinfo=UTC)
SETTINGS = Settings(_env_file=None)
QTICKETS, VK = (Account(SOURCES[name], "main", SETTINGS) for name in ("qtickets", "vk_ads"))
SPB = Account(QTICKETS.source, "spb", SETTINGS)
TICKETS = QTICKETS.source.outputs[0]
RAW = {"qtickets": raw_orders, "vk_ads": raw_vk}
Row = dict[str, str | None]
THEN = "was refused by a rule of then"


def test_broken_records_are_set_aside_and_come_back_when_they_are_right(scene: Scene) -> None:
    """Their last good versions stand meanwhile, that of a ticket without an id as well: its order is known."""
    scene.loaded("qtickets")
    whole = scene.sales()
    with scene.stage.qtickets.change() as api:
        paid = [order for order in api.orders if order["payed"] and not order["deleted_at"]]
        paid[0]["baskets"][0]["price"] = -100
    assert "1 rejected" in scene.loaded("qtickets")
    assert scene.sales() == whole, "while each rejected row says whose it is"
    with scene.stage.qtickets.change() as api:
        paid[1]["currency_id"] = "GOLD"
        paid[2]["baskets"][0]["id"] = None
        paid[3]["payed_at"] = "2026-02-30T10:00:00+03:00"
        wrong = 2 + sum(len(order["baskets"]) for order in (paid[1], paid[3]))
    scene.loaded("qtickets")
    held = scene.product.select("SELECT reason, record_key FROM meta_quarantine")
    assert held.height == wrong
    assert {reason.partition(" which ")[0] for reason in held["reason"]} == {
        "price is negative", "currency is not a currency code", "ticket_id is missing",
        "payed_at is not a date and time with an offset",
    }  # fmt: skip
    assert scene.sales() == whole
    assert f"in the warehouse now: 0 rows; still in quarantine: {wrong}" in scene.product.replay("qtickets").message
    scene.stage.show(the_world())
    scene.loaded("qtickets")
    assert scene.sales() == whole == truth.sales(the_world())
    assert scene.product.select("SELECT count() FROM meta_quarantine WHERE record_key != ''").item() == 0


def june(first: int, last: int) -> Window:
    return Window(first=date(2025, 6, first), last=date(2025, 6, last))


def order(number: int, price: str = "100", **given: str | None) -> Row:
    """One ticket paid on 1 June, for whose order the source gives no price of its own."""
    unknown = dict.fromkeys(("order_price", "order_original_price", "original_price"))
    return {"ticket_id": str(number), "order_id": str(1000 + number), "price": price} | unknown | given


def set_aside(
    client: Client, version: int, *wrong: Row, account: Account = QTICKETS, reason: str = THEN,
    window: Window | None = None,
) -> None:  # fmt: skip
    """What a read of June rejected."""
    source, why = account.source, {"reason": reason, "column": "", "value": ""}
    make, resource = RAW[source.name], source.resources[0]
    part = Split(make().clear(), make(*wrong).with_columns(pl.lit(text).alias(name) for name, text in why.items()))
    manifest = Manifest(
        source=source.name, account=account.name, resource=resource.name, window=window or june(1, 30), run_id="r",
        fetched_at=NOW, folder="f", parts=(), rows=0, version=version,
    )  # fmt: skip
    steps.quarantine_rejected(client, account, resource, part, f"run-{version}", manifest)


def good_run(client: Client, version: int, window: Window) -> None:
    """A run that read all of the window and went well."""
    run = Run(QTICKETS.source.job, f"run-{version}", NOW + timedelta(seconds=version), QTICKETS.name)
    metrics = {"window": {"first": window.first, "last": window.last}, "version": version}
    runs.begin(client, run, "loading")
    runs.end(client, run, "success", 1, "done", metrics)


def put(client: Client, table: str, rows: pl.DataFrame, version: int) -> None:
    insert(client, table, rows.with_columns(account=pl.lit("main"), _ver=pl.lit(version, pl.UInt64)))


def loaded(client: Client, version: int, *rows: Row) -> None:
    put(client, TICKETS.table.name, TICKETS.build({"orders": raw_orders(*rows)}), version)


def values(client: Client, sql: str) -> list[tuple[Any, ...]]:
    return select(client, sql).rows()


HELD = "SELECT ticket_id, toString(amount), toUInt32(_ver) FROM stg_qtickets_tickets FINAL ORDER BY ticket_id"


def test_replay_loads_each_row_as_old_as_its_read_and_of_two_versions_the_newer(client: Client) -> None:
    def on_its_day(version: int, number: int, price: str = "100", reason: str = THEN) -> None:
        paid = order(number, price, payed_at=f"2025-06-0{number}T12:00:00+03:00")
        set_aside(client, version, paid, reason=reason, window=june(number, number))

    on_its_day(10, 1)
    on_its_day(20, 2)
    # The later read was set aside first: the other run was slow.
    on_its_day(40, 3, "200")
    on_its_day(30, 3, "100")
    # The newer version is still wrong, so both stay.
    on_its_day(50, 4, "-200")
    on_its_day(45, 4, "100")
    # What is newer in the warehouse stays, what is older goes.
    on_its_day(60, 5)
    on_its_day(61, 6)
    loaded(client, 65, order(5, "300"))
    loaded(client, 55, order(6, "300"))
    # Of two versions in one reply the newer was accepted: the one too many takes no place.
    on_its_day(70, 7, reason=f"ticket_id {TWICE}")
    loaded(client, 5, order(7, "300"))

    assert _replay(client, QTICKETS, PLAIN) == (6, 3)

    assert values(client, HELD) == [
        (1, "100", 10), (2, "100", 20), (3, "200", 40), (5, "300", 65), (6, "100", 61), (7, "300", 5),
    ]  # fmt: skip
    waiting = values(client, "SELECT record_key FROM meta_quarantine FINAL ORDER BY record_key")
    assert waiting == [("4",), ("4",), ("7",)]


def test_replay_leaves_a_row_to_the_later_read_of_its_day_that_did_not_find_it(client: Client) -> None:
    """To a read of the same account: another's row of the same number is there or not for itself."""
    set_aside(client, 10, order(1), order(2, payed_at="2025-06-20T12:00:00+03:00"), order(3))
    set_aside(client, 10, order(1, "500"), account=SPB)
    set_aside(client, 20, order(3), window=june(1, 2))
    good_run(client, 20, june(1, 2))
    assert _replay(client, QTICKETS, PLAIN) == (3, 0)
    assert values(client, HELD) == [(2, "100", 10), (3, "100", 20)], "what that read rejected itself is loaded"
    assert _replay(client, SPB, PLAIN) == (1, 0)
    assert values(client, HELD) == [(1, "500", 10), (2, "100", 10), (3, "100", 20)]


def test_replay_of_many_rows_and_of_an_ad_that_moved(client: Client) -> None:
    """Six thousand with the longest numbers; an ad in the warehouse, now of another campaign."""
    most = 10**18 - 1
    set_aside(client, 10, *(order(most - n, order_id=str(most - n)) for n in range(6_000)))
    put(client, "fact_vk_ads_daily", ad_days({"ad_id": 5, "campaign_id": 6}), 5)
    set_aside(client, 10, {"ad_id": "5", "campaign_id": "7", "spent": "12"}, account=VK)
    assert _replay(client, QTICKETS, PLAIN) == (6_000, 0)
    assert _replay(client, VK, PLAIN) == (1, 0)
    found = values(client, "SELECT toUInt32(count()), toString(sum(amount)) FROM stg_qtickets_tickets")
    assert found == [(6_000, "600000")]
    found = values(client, "SELECT toUInt32(campaign_id), toString(spent) FROM fact_vk_ads_daily FINAL")
    assert found == [(7, "12")]


ALL = (*TABLES.values(), "dim_events", "stg_qtickets_sales_raw", "agg_marketing_daily")
WRONG = "wrong-token-4711"


@dataclass(frozen=True)
class Case:
    """What happens, words of the line, and how many requests may be made in all, where that matters."""

    source: str
    happens: Callable[[Scene], object]
    words: tuple[str, ...]
    requests: int | None = None


def setting(**values: object) -> Callable[[Scene], None]:
    def change(scene: Scene) -> None:
        typed = Settings(_env_file=None, **values)  # type: ignore[arg-type]
        scene.product.settings = scene.product.settings.model_copy(update={n: getattr(typed, n) for n in values})

    return change


def all_tokens_taken(scene: Scene) -> None:
    scene.product.settings.vk_token_file.unlink(missing_ok=True)
    for _ in range(5):
        scene.stage.vk.tokens.issue()


def most_is_gone(scene: Scene) -> None:
    with scene.stage.qtickets.change() as api:
        del api.orders[50:]


def no_currency(scene: Scene) -> None:
    with scene.stage.qtickets.change() as api:
        for order in api.orders:
            del order["currency_id"]


def prices_are_gone(scene: Scene) -> None:
    with scene.stage.qtickets.change() as api:
        for order in api.orders:
            for basket in order["baskets"]:
                basket["price"] = -5


CASES = {
    "a wrong Direct token": Case(
        "direct", setting(direct_token=WRONG), ("code 53", "DIRECT_TOKEN", "secrets/.env.direct"), 1
    ),
    "all VK tokens taken": Case("vk_ads", all_tokens_taken, ("all five are taken", "VK_TOKEN"), 1),
    "most orders gone": Case("qtickets", most_is_gone, ("no longer sends", "of the money", "Nothing was removed")),
    "a wrong QTickets token": Case("qtickets", setting(qtickets_token=WRONG), ("refused", "QTICKETS_TOKEN"), 1),
    "no landing area": Case("vk_ads", setting(landing_url="s4://host/folder"), ("The landing area", "LANDING_URL"), 0),
    "no host": Case("qtickets", setting(qtickets_base_url="http://127.0.0.1:9/api"), ("127.0.0.1 cannot be reached",)),
    "a column gone": Case("qtickets", no_currency, ("changed its orders", "no longer sends currency")),
    "much of the money wrong": Case("qtickets", prices_are_gone, ("rows wrong", "price is negative")),
    "real data into made-up ones": Case(
        "qtickets", setting(qtickets_base_url="https://qtickets.invalid/api"), ("must not be mixed",), 0
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_one_line_says_it_and_nothing_is_lost(loaded: Scene, name: str, caplog: pytest.LogCaptureFixture) -> None:
    case, settings = CASES[name], loaded.product.settings
    loaded.stage.calm()
    loaded.stage.show(the_world())
    loaded.clock.move(hours=2)
    before = loaded.tables(*ALL)
    token = settings.vk_token_file.read_text()
    case.happens(loaded)
    try:
        outcome = loaded.load(case.source, refresh=True)
    finally:
        loaded.product.settings = settings
        settings.vk_token_file.write_text(token)

    assert (outcome.status, [word for word in case.words if word not in outcome.message]) == ("failed", []), outcome
    assert "\n" not in outcome.message
    assert WRONG not in outcome.message + caplog.text
    if case.requests is not None:
        asked = [request for api in ("qtickets", "vk", "direct") for request in loaded.stage.requests(api)]
        assert len(asked) == case.requests, "it is not tried again and again"
    if case.requests != 0:
        run = loaded.last_run()
        assert (run["job"], run["status"]) == (f"{case.source}_loader", "failed")
        assert run["message"].endswith(outcome.message)
        assert run["finished_at"] is not None
    assert loaded.tables(*ALL) == before
