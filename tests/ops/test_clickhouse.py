"""The configuration that compose.yaml gives to ClickHouse, given to a real one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import clickhouse_connect
import httpx
import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError

from tasks.load.backup_place import place
from tasks.settings import Settings
from tests.ops.files import ROOT, SERVICES
from tests.support import clickhouse_server
from tests.support.clickhouse_server import ClickHouseServer

pytestmark = pytest.mark.slow

SHIPPED = ROOT / "ops" / "clickhouse"
ADMIN, PASSWORD = "administrator", "0123456789abcdef"
PLACE = "/var/lib/clickhouse-backups/"
DISK, SMALL_DISK = "5000000000", "5000000"
SMALL_MACHINE = 1_200_000_000
"""Four fifths of a container's memory, as the server works it out; the tests' machine may have any."""


def config(folder: Path) -> Path:
    (folder / "config.d").mkdir(exist_ok=True)
    (folder / "users.d").mkdir(exist_ok=True)
    # Something for ours to remove, and what the image has without them.
    (folder / "config.xml").write_text(
        f"<clickhouse><users_config>{folder}/users.xml</users_config><mysql_port>1</mysql_port>"
        f"<logger><level>trace</level><log>{folder}/own.log</log></logger>"
        f"<max_server_memory_usage>{SMALL_MACHINE}</max_server_memory_usage></clickhouse>"
    )
    (folder / "users.xml").write_text(
        "<clickhouse><profiles><default/></profiles><quotas><default/></quotas><users><default><password></password>"
        "<networks><ip>::/0</ip></networks></default></users></clickhouse>"
    )
    text = (SHIPPED / "config.xml").read_text("utf-8")
    assert PLACE in text
    assert text.count(DISK) == 1
    (folder / "config.d" / "zakaz.xml").write_text(
        text.replace(PLACE, f"{folder}/backups/").replace(DISK, SMALL_DISK)
    )
    # Under another name: this server lets its own `default` in without a password, or does not start.
    users = (SHIPPED / "users.xml").read_text("utf-8").replace("default replace=", f"{ADMIN} replace=")
    (folder / "users.d" / "zakaz.xml").write_text(
        users.replace("</default>\n    </users>", f"</{ADMIN}>\n    </users>")
    )
    return folder / "config.xml"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseServer]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clickhouse_server, "write_config", lambda folder, _: config(folder))
        patch.setenv("CLICKHOUSE_ADMIN_PASSWORD", PASSWORD)
        running = ClickHouseServer(tmp_path_factory.mktemp("shipped"))
        running.start()
        yield running
        running.stop()


def login(server: ClickHouseServer, password: str = PASSWORD) -> Client:
    return clickhouse_connect.get_client(host="127.0.0.1", port=server.port, username=ADMIN, password=password)


def test_the_administrator_has_the_password_of_the_environment(server: ClickHouseServer) -> None:
    with login(server) as client:
        assert client.command("SELECT currentUser()") == ADMIN
        # What `zakaz access` needs; this server has nowhere to keep a user, the one of compose.yaml has.
        assert client.command("CHECK GRANT CREATE USER, CREATE ROLE, ROLE ADMIN ON *.*") == 1

    for password in ("", "guess"):
        with pytest.raises(DatabaseError, match="code: 516"):
            login(server, password).close()


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded"])
def test_no_header_says_where_a_request_comes_from(server: ClickHouseServer, header: str) -> None:
    """The administrator may come from this machine alone: believed, the header would keep it out, and let others in."""
    asked = httpx.get(
        f"http://127.0.0.1:{server.port}/?query=SELECT+currentUser()",
        headers={"X-ClickHouse-User": ADMIN, "X-ClickHouse-Key": PASSWORD, header: "203.0.113.9"},
        trust_env=False,
    )

    assert asked.text.strip() == ADMIN


def test_a_backup_goes_to_its_disk_and_comes_back(server: ClickHouseServer) -> None:
    url = SERVICES["worker"]["environment"]["BACKUP_URL"].removeprefix("${BACKUP_URL:-").removesuffix("}")
    disk = place(Settings(_env_file=None, clickhouse_dsn="http://h", backup_url=url)).function.split("'")[1]
    with login(server) as client:
        client.command("CREATE DATABASE shop")
        client.command("CREATE TABLE shop.t (id UInt32) ENGINE = MergeTree ORDER BY id")
        client.command("INSERT INTO shop.t VALUES (7)")

        client.command(f"BACKUP DATABASE shop TO Disk('{disk}', 'one')")
        client.command("DROP DATABASE shop SYNC")
        client.command(f"RESTORE DATABASE shop FROM Disk('{disk}', 'one')")

        assert client.command("SELECT id FROM shop.t") == 7
        with pytest.raises(DatabaseError, match="not allowed"):
            client.command("BACKUP DATABASE shop TO Disk('default', 'two')")
    assert (server.directory / "backups" / "one").is_dir()


def test_the_merged_configuration_is_what_was_meant(server: ClickHouseServer) -> None:
    with login(server) as client:
        told = dict(client.query("SELECT name, value FROM system.server_settings").result_rows)
        assert float(told["max_server_memory_usage_to_ram_ratio"]) == pytest.approx(0.8)
        assert told["max_temporary_data_on_disk_size"] == SMALL_DISK
        disks = client.query("SELECT name, path FROM system.disks").result_rows
    assert ("backups", f"{server.directory}/backups/") in disks
    assert not (server.directory / "own.log").exists()


def test_the_server_ends_a_query_without_limits_before_its_memory_does(server: ClickHouseServer) -> None:
    """By its own limit, which no session can set aside: with all of theirs at 0, none."""
    with login(server) as client:
        with pytest.raises(DatabaseError, match=r"code: 241.*(total|server)"):
            client.command(
                "SELECT length(arrayMap(i -> i + x, range(300000000))) FROM (SELECT arrayJoin([1, 2]) AS x) "
                "SETTINGS max_memory_usage = 0, max_memory_usage_for_user = 0, max_untracked_memory = 4194304"
            )
        with pytest.raises(DatabaseError, match="Limit for temporary files size exceeded"):
            client.command(
                "SELECT count() FROM (SELECT sipHash64(number) AS x FROM numbers(3000000) GROUP BY x) "
                "SETTINGS max_bytes_before_external_group_by = 1000000, max_temporary_data_on_disk_size_for_query = 0"
            )
        assert client.command("SELECT 1") == 1


def test_the_administrator_comes_from_inside_alone() -> None:
    users = ElementTree.parse(SHIPPED / "users.xml")
    networks = {ip.text for ip in users.iterfind("users/default/networks/ip")}

    assert networks == {"127.0.0.1", "::1"}
    assert SERVICES["access"]["network_mode"] == "service:clickhouse"
    assert "@127.0.0.1:" in SERVICES["access"]["environment"]["CLICKHOUSE_DSN"]


def test_backups_lie_on_a_volume_of_their_own() -> None:
    assert f"backups:{PLACE.rstrip('/')}" in SERVICES["clickhouse"]["volumes"]
