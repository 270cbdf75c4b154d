"""Views read with the rights of who migrated, so that a reader needs none to the tables; also those made before."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from clickhouse_connect.driver.client import Client

from tasks.load import migrate as steps
from tasks.load.migrate import migrate
from tasks.load.sql import sql_files
from tasks.load.warehouse import warehouse
from tasks.settings import Settings
from tests.support.clickhouse_server import ClickHouseServer, clickhouse_server
from tests.support.clickhouse_users import User
from tests.tasks.load.engines import values

VIEWS = sorted(file.name for file in sql_files("views"))
OWNERS = (
    "SELECT name, definer FROM system.tables WHERE database = currentDatabase() AND engine = 'View' ORDER BY name"
)
LOADER = User("night-loader-2", "loads-at-night-5", grants=("GRANT ALL ON zakaz.*", "GRANT TABLE ENGINE ON *"))


def test_every_view_has_an_owner_and_migrating_again_does_nothing(client: Client) -> None:
    assert values(client, OWNERS) == [(view, "default") for view in VIEWS]
    assert migrate(client) == []


def test_views_of_an_earlier_version_get_one(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """They were made without, and recorded by their own text and the last migration's name."""
    since = sql_files("schema")[-1].name
    record = steps._record
    with warehouse(settings) as client:
        with monkeypatch.context() as earlier:
            earlier.setattr(steps, "_VIEW", "CREATE OR REPLACE VIEW `{name}` AS\n{text}")
            earlier.setattr(
                steps, "_record", lambda client, kind, name, checksum: record(
                    client, kind, name, f"{checksum.split()[0]} {since}" if kind == "views" else checksum
                ),
            )  # fmt: skip
            migrate(client)
        assert values(client, OWNERS) == [(view, "") for view in VIEWS]

        assert sorted(migrate(client)) == [f"views/{view}" for view in VIEWS]

        assert values(client, OWNERS) == [(view, "default") for view in VIEWS]
        assert migrate(client) == []


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseServer]:
    with clickhouse_server(tmp_path_factory.mktemp("server"), [LOADER]) as running:
        yield running


@pytest.mark.slow
def test_an_owner_may_have_any_name(server: ClickHouseServer) -> None:
    with warehouse(Settings(_env_file=None, clickhouse_dsn=server.dsn)) as client:
        client.command("SELECT 1")
    with warehouse(Settings(_env_file=None, clickhouse_dsn=server.dsn_of(LOADER))) as client:
        migrate(client)
        assert values(client, OWNERS) == [(view, LOADER.name) for view in VIEWS]
