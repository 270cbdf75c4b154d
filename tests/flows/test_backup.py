"""What people do with a backup: made by command or by a nightly run, restored, looked at and loaded on."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from unittest.mock import patch

import pytest
from clickhouse_connect.driver.client import Client

from flows.backup import backup
from sandbox.world import World
from tasks.errors import ZakazError
from tasks.load.warehouse import warehouse
from tasks.settings import Settings
from tests.flows import truth
from tests.flows.conftest import Apis, Product
from tests.flows.loaded import LOAD, first_day, serve_loaded, the_world
from tests.tasks.load.backups import everything

pytestmark = pytest.mark.slow
ServeAll = Callable[[World], Apis]
OTHER = "restored_for_a_look"


@pytest.fixture(params=["embedded", "server"])
def product(product: Product, request: pytest.FixtureRequest) -> Iterator[Product]:
    """With all sources loaded."""
    if request.param == "server":
        dsn, database = (request.getfixturevalue(f"clickhouse_{name}") for name in ("dsn", "database"))
        product.env |= {"CLICKHOUSE_DSN": dsn, "CLICKHOUSE_DATABASE": database, "BACKUP_URL": "disk://backups"}
    yield product
    with warehouse(_settings(product)) as client:
        client.command(f"DROP DATABASE IF EXISTS {OTHER} SYNC")


def _settings(product: Product) -> Settings:
    database = product.env.get("CLICKHOUSE_DATABASE", "zakaz")
    return Settings(_env_file=None, clickhouse_dsn=product.env["CLICKHOUSE_DSN"], clickhouse_database=database)


def held(product: Product, database: str) -> dict[str, list[str]]:
    with warehouse(_settings(product)) as client:
        return everything(client, database)


def sales(client: Client) -> dict[tuple[object, ...], tuple[object, ...]]:
    rows = client.query(
        "SELECT event_date, event_id, currency, tickets_sold, revenue, refunds_amount FROM stg_qtickets_sales_raw"
    ).result_rows
    return {row[:3]: row[3:] for row in rows}


def test_all_three_sources_come_back_and_the_next_load_finds_nothing_to_do(
    product: Product, serve_all: ServeAll, tmp_path_factory: pytest.TempPathFactory
) -> None:
    if product.env["CLICKHOUSE_DSN"].startswith("chdb:"):
        serve_loaded(product, serve_all, tmp_path_factory.getbasetemp())
    else:
        serve_all(the_world())
        product.env |= {"DIRECT_RATE": "50"}
        product.loaded(*LOAD)
    mine = _settings(product).clickhouse_database
    # Three loads migrated at once, and a merge in the background would drop one of two equal records meanwhile.
    product.loaded("sql", "OPTIMIZE TABLE meta_migrations FINAL")
    before = held(product, mine)
    assert all(
        len(before[table]) > 100 for table in ("stg_qtickets_tickets", "fact_vk_ads_daily", "v_marketing_daily")
    )

    line = product.loaded("backup")
    name = line.split(":")[0]
    assert re.fullmatch(rf"{mine}-\d{{8}}T\d{{6}}Z: \d+ tables, \d+ rows, [\d.]+ [KM]B, in .+\n", line)
    refused = product.run("backup", name)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert re.fullmatch(rf"zakaz: There is a backup {name} in .* already. Choose another name.\n", refused.stderr)

    assert f"in the database {OTHER}\n" in product.loaded("restore", name, "--into", OTHER)
    assert held(product, OTHER) == before
    refused = product.run("restore", name)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert f"The database {mine} is not empty" in refused.stderr

    product.loaded("sql", f"DROP DATABASE {mine} SYNC")
    assert f"in the database {mine}\n" in product.loaded("restore", name)
    assert held(product, mine) == before
    assert product.loaded("migrate") == "The schema is up to date.\n"
    assert product.loaded(*LOAD, "--refresh").count("nothing changed") == 3
    with warehouse(_settings(product)) as client:
        assert sales(client) == truth.sales(the_world(), first_day())


def test_a_nightly_run_says_what_it_made_and_fails_where_it_cannot(product: Product) -> None:
    assert product.run("migrate").returncode == 0
    mine = _settings(product).clickhouse_database
    with patch.dict(
        os.environ, product.env | {"BACKUP_URL": product.env.get("BACKUP_URL", f"{product.home}/kept")}
    ):
        state = backup(f"night-of-{mine}", return_state=True)
        assert state.is_completed()
        assert str(state.message).startswith(f"night-of-{mine}: ")
        state = backup(f"night-of-{mine}", return_state=True)
        assert state.is_failed()
        with pytest.raises(ZakazError, match="already"):
            state.result()
        with (
            patch.dict(os.environ, {"BACKUP_URL": "s3://zakaz-backups"}),
            pytest.raises(ZakazError, match="ENDPOINT"),
        ):
            backup()


@pytest.mark.parametrize("product", ["embedded"], indirect=True)
def test_wrong_words_are_wrong_usage(product: Product) -> None:
    for arguments in (("backup", "a/b"), ("restore", "a'b"), ("restore", "fine", "--into", "a b")):
        done = product.run(*arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert "made of Latin letters" in done.stderr
    missing = product.run("restore", "never-made")
    assert missing.returncode == 1
    assert missing.stderr.startswith("zakaz: There is no backup never-made in ")
