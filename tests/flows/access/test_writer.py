"""etl_writer does all of a load, and nothing in another database."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from sandbox.world.spend import ad_days
from tasks.load.migrate import migrate
from tasks.load.warehouse import warehouse
from tasks.settings import Settings
from tests.flows import ad_truth, clock
from tests.flows.access.asker import NO_RIGHT, Asker, refusal
from tests.flows.access.conftest import USERS, VIEWS
from tests.flows.conftest import Product
from tests.flows.loaded import the_world
from tests.support.clickhouse_server import ClickHouseServer

pytestmark = pytest.mark.slow


def test_the_loader_passes_the_smoke_test_of_the_warehouse(server: ClickHouseServer, product: Product) -> None:
    probes = {probe["name"]: probe for probe in map(json.loads, product.run("smoke", "--json").stdout.splitlines())}
    of_warehouse = {name: probe["status"] for name, probe in probes.items() if name.startswith("warehouse")}
    assert set(of_warehouse.values()) == {"ok"}
    assert len(of_warehouse) == 3


def test_what_the_loader_wrote_is_the_truth(admin: Asker) -> None:
    facts = admin.ask("SELECT sum(spent) AS spent FROM fact_vk_ads_daily", readonly=0)
    told = sum(
        row.spent for row in ad_days(the_world()) if row.ad.source == "vk_ads" and row.day <= clock.yesterday()
    )
    assert facts == [{"spent": told}]
    assert ad_truth.facts(the_world(), "vk_ads", clock.yesterday() - timedelta(days=3), clock.yesterday())


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM other.t",
        "INSERT INTO other.t VALUES (2)",
        "CREATE TABLE other.mine (x UInt8) ENGINE = MergeTree ORDER BY x",
        "DROP TABLE other.t",
        "ALTER TABLE other.t DELETE WHERE 1",
        "CREATE DATABASE mine",
        "DROP DATABASE zakaz",
        "SELECT * FROM system.users",
        "CREATE USER mine",
        "GRANT SELECT ON zakaz.* TO datalens_reader",
        "CREATE VIEW zakaz.v_mine SQL SECURITY NONE AS SELECT 1 AS x",
        "CREATE VIEW zakaz.v_mine DEFINER = default SQL SECURITY DEFINER AS SELECT 1 AS x",
        "CREATE VIEW zakaz.v_mine AS SELECT * FROM other.t",
        "SELECT * FROM remote('127.0.0.1', other.t)",
        "SELECT * FROM file('/etc/passwd', LineAsString)",
        "BACKUP DATABASE zakaz TO File('mine')",
    ],
)
def test_the_loader_does_nothing_elsewhere(server: ClickHouseServer, statement: str) -> None:
    assert refusal(Asker(server, USERS["etl_writer"]), statement).code == NO_RIGHT


def test_another_user_who_migrates_makes_the_views_its_own(server: ClickHouseServer, admin: Asker) -> None:
    """Once; and the loader, migrating next, takes them back."""
    owners = "SELECT DISTINCT definer FROM system.tables WHERE database = 'zakaz' AND engine = 'View'"
    loader = server.dsn_of(USERS["etl_writer"])
    for dsn, owner in ((server.dsn, "default"), (loader, "etl_writer")):
        with warehouse(Settings(_env_file=None, clickhouse_dsn=dsn)) as client:
            assert sorted(migrate(client)) == [f"views/{view}" for view in VIEWS]
            assert migrate(client) == []
        assert admin.ask(owners, readonly=0) == [{"definer": owner}]
