"""The users of `sql/access` on two shards: the loader may do its work, the reader reads views and no table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import clickhouse_connect
import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from flows.qtickets import TICKETS
from tasks.load.access import try_rights
from tasks.load.migrate import migrate
from tasks.load.sql import sql_files
from tasks.load.upsert import merge
from tasks.load.warehouse import warehouse
from tasks.settings import Settings
from tests.cluster.servers import CLUSTER, Shards, plain, two_shards
from tests.quality.healthy import set_references
from tests.support.clickhouse_users import User
from tests.support.shipped_access import SETTINGS, rendered, shipped
from tests.tasks.load.tickets import ids, load, ticket

pytestmark = pytest.mark.slow


def users() -> dict[str, User]:
    """As shipped, and the loader with what it is granted on a cluster only."""
    found = shipped()
    settings = Settings(_env_file=None, clickhouse_cluster=CLUSTER, **SETTINGS)
    (more,) = [text for text in rendered(settings, "etl_writer") if " REMOTE" in text]
    grant = plain(more).rsplit(" TO ", 1)[0]
    return found | {"etl_writer": replace(found["etl_writer"], grants=(grant,))}


@pytest.fixture(params=["a user of the cluster", "a secret"])
def loaded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shards]:
    """All that a load does, by etl_writer."""
    known = users()
    folder = tmp_path_factory.mktemp("shards")
    with two_shards(folder, known.values(), secret=request.param == "a secret") as shards:
        settings = Settings(
            _env_file=None, clickhouse_dsn=shards.dsn_of(known["etl_writer"]), clickhouse_cluster=CLUSTER
        )
        with warehouse(settings) as client:
            migrate(client)
            set_references(client)
            load(client, [ticket(n) for n in range(1, 101)], version=1)
            load(client, [ticket(n, amount="600.00") for n in range(1, 51)], version=2)
            merge(client, TICKETS.name)
            try_rights(client)
            assert ids(client, final=False) == list(range(1, 51))
        yield shards


def read(shards: Shards) -> Iterator[Client]:
    """The reader at each server."""
    for server in shards.servers:
        with clickhouse_connect.get_client(
            dsn=server.dsn_of(users()["datalens_reader"]), database="zakaz"
        ) as client:
            yield client


@pytest.mark.parametrize("loaded", ["a user of the cluster"], indirect=True)
def test_the_reader_reads_views_and_nothing_else_on_every_server(loaded: Shards) -> None:
    for reader in read(loaded):
        for view in sql_files("views"):
            reader.query(f"SELECT * FROM {view.name} LIMIT 1")
        assert reader.query("SELECT count() FROM v_attributed_tickets").first_row == (50,)
        for table in (TICKETS.name, f"{TICKETS.name}_local"):
            with pytest.raises(ClickHouseError, match="Not enough privileges"):
                reader.query(f"SELECT count() FROM {table}")


@pytest.mark.parametrize("loaded", ["a secret"], indirect=True)
def test_with_a_secret_the_shards_know_the_reader_and_refuse_its_views(loaded: Shards) -> None:
    """Why docs/scale-out.md asks for a user: a view's rights end at the server that was asked, and the reader's limits
    are not meant for a part of an answer."""
    for reader in read(loaded):
        with pytest.raises(ClickHouseError, match="Received from 127"):
            reader.query("SELECT count() FROM v_attributed_tickets")
