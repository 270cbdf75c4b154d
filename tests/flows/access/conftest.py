"""A server with the users of `sql/access`, loaded by etl_writer once a day; a session has one, see `shipped_access`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date

import pytest

from tasks.load.sql import sql_files
from tests.flows import clock
from tests.flows.access.asker import Asker
from tests.flows.conftest import Product
from tests.flows.loaded import LOAD, ServeAll, the_world
from tests.support.clickhouse_server import ClickHouseServer, clickhouse_server
from tests.support.shipped_access import shipped

USERS = shipped()
READER = USERS["datalens_reader"]
VIEWS = [file.name for file in sql_files("views")]


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseServer]:
    folder = tmp_path_factory.mktemp("server")
    with clickhouse_server(folder, USERS.values()) as server:
        asker = Asker(server, database="default")
        asker.do("CREATE DATABASE other")
        asker.do("CREATE TABLE other.t (x UInt8) ENGINE = MergeTree ORDER BY x AS SELECT 1")
        asker.do("CREATE VIEW other.v_t AS SELECT * FROM other.t")
        yield server


@pytest.fixture(scope="session")
def days_loaded() -> set[date]:
    """The days on which the server was loaded, with the world as it was then."""
    return set()


@pytest.fixture
def server(
    bare: ClickHouseServer, product: Product, serve_all: ServeAll, days_loaded: set[date]
) -> ClickHouseServer:
    """Loaded by etl_writer: the schema, three sources, and the quality flow."""
    product.env |= {"CLICKHOUSE_DSN": bare.dsn_of(USERS["etl_writer"]), "DIRECT_RATE": "50"}
    if clock.today() not in days_loaded:
        Asker(bare, database="default").do("DROP DATABASE IF EXISTS zakaz SYNC")
        serve_all(the_world())
        product.loaded(*LOAD)
        judged = product.run("quality", "--json")
        assert "ZakazError" not in judged.stderr
        checks = json.loads(judged.stdout)["checks"]
        assert sorted(check["check"] for check in checks) == [file.name for file in sql_files("quality")]
        days_loaded.add(clock.today())
    return bare


@pytest.fixture
def reader(server: ClickHouseServer) -> Asker:
    return Asker(server, READER)


@pytest.fixture
def admin(server: ClickHouseServer) -> Asker:
    return Asker(server)
