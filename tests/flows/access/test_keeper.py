"""backup_user makes a backup, and sees no row."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from tasks.errors import WarehouseError
from tasks.load.backup import backup, restore
from tasks.load.migrate import migrate
from tasks.load.warehouse import warehouse
from tasks.settings import Settings
from tests.flows.access.asker import NO_RIGHT, Asker, Row, refusal
from tests.flows.access.conftest import READER, USERS, VIEWS
from tests.support.clickhouse_server import ClickHouseServer, clickhouse_server

pytestmark = pytest.mark.slow


@pytest.fixture
def keeper(server: ClickHouseServer) -> Asker:
    return Asker(server, USERS["backup_user"])


def of(dsn: str) -> Settings:
    return Settings(_env_file=None, clickhouse_dsn=dsn, backup_url="disk://backups")


EVERYTHING = "SELECT * FROM zakaz.v_marketing_daily ORDER BY ALL"


@pytest.fixture
def kept(server: ClickHouseServer) -> Iterator[Path]:
    """The folder of a backup that backup_user made."""
    worker = of(server.dsn_of(USERS["etl_writer"]))
    with pytest.raises(WarehouseError, match="lacks a right"):
        backup(worker, "kept")
    made = backup(worker.model_copy(update={"backup_dsn": SecretStr(server.dsn_of(USERS["backup_user"]))}), "kept")
    assert made.rows > 0
    yield server.directory / "backups" / "kept"
    shutil.rmtree(server.directory / "backups" / "kept")


def test_the_loader_restores_it_on_another_server(server: ClickHouseServer, kept: Path, tmp_path: Path) -> None:
    with clickhouse_server(tmp_path, USERS.values()) as elsewhere:
        shutil.copytree(kept, elsewhere.directory / "backups" / "kept")
        theirs = of(elsewhere.dsn_of(USERS["backup_user"]))
        with pytest.raises(WarehouseError, match="it may not create one"):
            restore(theirs, "kept")

        assert restore(of(elsewhere.dsn_of(USERS["etl_writer"])), "kept").applied == []

        found: list[Row] = Asker(elsewhere, READER).ask(EVERYTHING)
    assert found == Asker(server, READER).ask(EVERYTHING)
    assert len(found) > 100


def test_views_come_to_life_on_a_server_without_the_loader(
    server: ClickHouseServer, kept: Path, tmp_path: Path
) -> None:
    """They read with the rights of a user who is not there, until somebody who is migrates."""
    with clickhouse_server(tmp_path, [READER]) as elsewhere:
        shutil.copytree(kept, elsewhere.directory / "backups" / "kept")
        Asker(elsewhere, database="default").do("RESTORE DATABASE zakaz FROM Disk('backups', 'kept')")
        reader = Asker(elsewhere, READER)
        assert "no user `etl_writer`" in str(refusal(reader, EVERYTHING))

        with warehouse(of(elsewhere.dsn)) as client:
            assert sorted(migrate(client)) == [f"views/{view}" for view in VIEWS]

        assert reader.ask(EVERYTHING) == Asker(server, READER).ask(EVERYTHING)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM zakaz.stg_qtickets_tickets",
        "SELECT * FROM zakaz.v_sales_14d",
        "SELECT * FROM other.t",
        "INSERT INTO zakaz.meta_job_runs (job) VALUES ('x')",
        "CREATE TABLE zakaz.mine (x UInt8) ENGINE = MergeTree ORDER BY x",
        "DROP TABLE zakaz.meta_job_runs",
        "DELETE FROM zakaz.meta_job_runs WHERE 1",
        "BACKUP DATABASE other TO File('other')",
        "BACKUP TABLE other.t TO File('other_t')",
    ],
)
def test_the_keeper_reads_and_writes_no_row(keeper: Asker, statement: str) -> None:
    assert refusal(keeper, statement).code == NO_RIGHT
