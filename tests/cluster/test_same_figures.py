"""The same loads of all sources on two shards and on a single server: every table, view and check says the same. And so
say views and checks of the embedded engine, of what the single server holds."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import clickhouse_connect
import pytest
from clickhouse_connect.driver.client import Client
from pydantic import SecretStr

from sandbox.world import World
from tasks import steps
from tasks.ingest import PLAIN, ingest
from tasks.load.frames import select
from tasks.load.sql import sql_files
from tasks.load.warehouse import warehouse
from tasks.quality.checks import checks, judge
from tasks.settings import Settings
from tasks.sources import SOURCES, in_use
from tasks.sources.accounts import Account
from tasks.window import Window
from tests.access.test_users import OF_SHOWS
from tests.cluster.servers import CLUSTER, Shards
from tests.flows import ad_truth, truth
from tests.quality.healthy import ACCOUNTS, DATA
from tests.support.fixtures import drop_databases
from tests.support.product import Clock, Product, in_process
from tests.support.stage import Stage, stage
from tests.tasks.load.engines import embedded

pytestmark = pytest.mark.slow
NOW = datetime.fromisoformat("2026-03-08T12:00:00+03:00")
DAYS, SCALE = 8, 0.05
TODAY = truth.moscow_day(NOW)
WORLD, SPB = (World.generate(until=NOW, days=DAYS, scale=SCALE, seed=seed) for seed in (7, 8))
EARLIER = World.generate(until=NOW - timedelta(days=3), days=DAYS - 3, scale=SCALE)
SALES = "event_date, event_id, currency, tickets_sold, revenue, refunds_amount"
BOTH, ALONE, EMBEDDED = "zakaz_both", "zakaz_alone", "zakaz_embedded"
# Relative to the clock: two answers a moment apart may differ.
LEFT_OUT = {"v_data_freshness": "EXCEPT (minutes_since_success, last_success_at)", "v_ad_days": "EXCEPT _ver"}
VIEWS = {
    name: f"SELECT * {LEFT_OUT.get(name, '')} FROM {name} ORDER BY ALL"
    for name in (file.name for file in sql_files("views"))
}


@pytest.fixture(scope="module")
def kept(shards: Shards, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Client, ...]]:
    """The same loads on two shards and on one server, and what that one holds in the embedded engine."""
    folder, clock = tmp_path_factory.mktemp("same"), Clock(NOW)
    with stage(EARLIER) as served:
        served.qtickets.add("spb", SPB)
        spread = served.settings(shards.dsn, BOTH, folder / BOTH).model_copy(update={"clickhouse_cluster": CLUSTER})
        single = served.settings(shards.servers[0].dsn, ALONE, folder / ALONE)
        own = embedded(served.settings(f"chdb://{folder / EMBEDDED}", "zakaz", folder))
        costs = folder / "costs.csv"
        of_radio = f"{TODAY},{TODAY + timedelta(2)},radio,100.00,москва"
        costs.write_text(f"date_from,date_to,source,amount,city\n{of_radio}\n")
        with in_process(clock):
            for settings in (spread, single):
                served.show(EARLIER)
                clock.now = NOW
                _load_all(served, clock, settings)
                with_costs = settings.model_copy(update={"costs_file": costs})
                ingest(Account(SOURCES["costs"], "main", with_costs), Window(first=TODAY, last=TODAY), "costs")
        with warehouse(spread) as both, warehouse(single) as one, warehouse(own) as alike:
            for table in Product(single).filled():
                asked = quote(f"SELECT * FROM {ALONE}.{table} FINAL FORMAT Native")
                address = f"{shards.servers[0].dsn}/?query={asked}"
                alike.command(f"INSERT INTO {table} SELECT * FROM url('{address}', Native)")
            yield both, one, alike
    for server in shards.servers:
        drop_databases(server.dsn, (BOTH, ALONE))


def _load_all(served: Stage, clock: Clock, settings: Settings) -> None:
    """The sales are read twice, the first time with a wrong price; and a third load that read before the second one
    writes after it, so that all its rows are overtaken. So are those of VK's only two loads."""
    window = Window(first=TODAY - timedelta(days=DAYS - 1), last=TODAY)
    served.faults("qtickets").add("edit", "/orders", 1, 0, call=_spoiled)
    token = SecretStr(served.qtickets.accounts["spb"].token)
    spb = Account(SOURCES["qtickets"], "spb", settings.model_copy(update={"qtickets_token": token}))
    qtickets, vk_ads, direct = (Account(source, "main", settings) for source in in_use(settings).values())
    for account in (qtickets, spb):
        ingest(account, window, f"first {account.label}")
    with warehouse(settings) as client:
        assert select(client, "SELECT count() FROM meta_quarantine FINAL").item() == 1
    for account in (qtickets, vk_ads):
        done = []

        def validate(*given: Any, account: Account = account, done: list[str] = done) -> steps.Validated:
            if not done:
                done.append("later")
                clock.move(seconds=5)
                served.show(WORLD)
                ingest(account, window, f"later {account.label}")
            return steps.validate(*given)

        clock.move(seconds=5)
        served.show(EARLIER)
        report = ingest(account, window, f"earlier {account.label}", by=replace(PLAIN, validate=validate))
        assert any("left to runs that read the source later" in note for note in report.notes), report.message
    ingest(direct, window, f"only {direct.label}")


def _spoiled(page: bytes) -> bytes:
    body = json.loads(page)
    body["data"][0]["baskets"][0]["price"] = "oops"
    return json.dumps(body).encode()


def answers(client: Client) -> dict[str, list[str]]:
    """Of tables (plainly, as people ask them), views and their columns, loads and rejected rows: as lines of text, so
    figures as a program reads them, a ratio to its last digit."""
    asked = {name: f"SELECT * EXCEPT _ver FROM {name} ORDER BY ALL" for name in (*DATA, "meta_quarantine")} | VIEWS
    asked |= {f"columns of {name}": f"DESCRIBE TABLE {name}" for name in asked}
    asked["loads"] = "SELECT job, account, status, rows_processed, message FROM meta_job_runs FINAL ORDER BY ALL"
    told = {name: client.raw_query(sql, fmt="JSONCompactEachRow").decode() for name, sql in asked.items()}
    return {name: text.splitlines() for name, text in told.items()}


def test_tables_views_and_checks_say_the_same_and_the_truth(kept: tuple[Client, ...]) -> None:
    found, *others = map(answers, kept)
    assert [name for other in others for name in found if found[name] != other[name]] == []
    assert {name for name, lines in found.items() if not lines} <= {"v_sales_14d", "meta_quarantine", *OF_SHOWS}
    for account, world in (("main", WORLD), ("spb", SPB)):
        sales = select(kept[0], f"SELECT {SALES} FROM stg_qtickets_sales_raw WHERE account = '{account}'").rows()
        assert {row[:3]: row[3:] for row in sales} == truth.sales(world)
    costs = select(kept[0], "SELECT d, spend_total FROM v_marketing_daily WHERE source = 'radio' ORDER BY d").rows()
    assert costs == [(TODAY + timedelta(n), Decimal(cost)) for n, cost in enumerate(("33.34", "33.33", "33.33"))]
    spent = select(kept[0], "SELECT sum(spent) FROM fact_direct_daily").item()
    days = (TODAY - timedelta(days=DAYS - 1), TODAY)
    assert spent == sum(fact[2] for fact in ad_truth.facts(WORLD, "direct", *days).values())
    # Not those of the day, which may stop reading early: the stand-in of a server ends when its connection is reset.
    for check in (one for one in checks() if one.at_night):
        result, *same = (judge(client, check, TODAY + timedelta(days=6), ACCOUNTS, {}) for client in kept)
        assert same == [result] * 2, check.name


def test_a_reader_without_our_settings_reads_all_views_everywhere(kept: tuple[Client, ...], shards: Shards) -> None:
    """As DataLens does: nothing in a view depends on what the loads' connection sets."""
    wanted = {name: select(kept[1], sql) for name, sql in VIEWS.items()}
    for server in shards.servers:
        with clickhouse_connect.get_client(dsn=server.dsn, database=BOTH) as reader:
            assert [name for name, sql in VIEWS.items() if not select(reader, sql).equals(wanted[name])] == []
