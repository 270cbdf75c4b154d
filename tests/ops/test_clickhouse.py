"""The configuration that compose.yaml gives to ClickHouse, given to a real one; and who gets in from where.

There is no Docker network here, and ClickHouse takes all addresses of 127.0.0.0/8 for one. So the server that the users
log in to is told to believe the address that a request says it comes from, which the shipped one does not.
"""

from collections.abc import Iterable, Iterator
from ipaddress import ip_network
from pathlib import Path
from xml.etree import ElementTree

import clickhouse_connect
import httpx
import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError

from tasks.load.backup_place import place
from tasks.settings import Settings
from tests.ops.files import COMPOSE, ROOT, SERVICES, resolved
from tests.support import clickhouse_server
from tests.support.clickhouse_server import HOST, ClickHouseServer
from tests.support.clickhouse_users import User, write_config
from tests.support.shipped_access import shipped

SHIPPED = ROOT / "ops" / "clickhouse"
ADMIN, PASSWORD = "administrator", "0123456789abcdef"
PLACE = "/var/lib/clickhouse-backups/"
# A worker, a program on this machine by the published port, the TLS proxy, anybody.
WORKER, THIS_MACHINE, PROXY, ELSEWHERE = "172.30.90.4", "172.30.90.1", "172.30.91.3", "203.0.113.9"
GIVEN = SERVICES["access"]["environment"]


def config(folder: Path) -> Path:
    for name in ("config.d", "users.d"):
        (folder / name).mkdir(exist_ok=True)
    (folder / "config.xml").write_text(
        f"<clickhouse><users_config>{folder}/users.xml</users_config><mysql_port>1</mysql_port></clickhouse>"
    )
    (folder / "users.xml").write_text(
        "<clickhouse><profiles><default/></profiles><quotas><default/></quotas><users><default><password></password>"
        "<networks><ip>::/0</ip></networks></default></users></clickhouse>"
    )
    text = (SHIPPED / "config.xml").read_text("utf-8")
    assert PLACE in text
    (folder / "config.d" / "zakaz.xml").write_text(text.replace(PLACE, f"{folder}/backups/"))
    # Under another name: this server lets its own `default` in without a password, or does not start.
    users = (SHIPPED / "users.xml").read_text("utf-8").replace("default replace=", f"{ADMIN} replace=")
    users = users.replace("</default>\n    </users>", f"</{ADMIN}>\n    </users>")
    (folder / "users.d" / "zakaz.xml").write_text(users)
    return folder / "config.xml"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseServer]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clickhouse_server, "write_config", lambda folder, _: config(folder))
        patch.setenv("CLICKHOUSE_ADMIN_PASSWORD", PASSWORD)
        with clickhouse_server.clickhouse_server(tmp_path_factory.mktemp("shipped")) as running:
            yield running


def login(server: ClickHouseServer, password: str = PASSWORD) -> Client:
    return clickhouse_connect.get_client(host="127.0.0.1", port=server.port, username=ADMIN, password=password)


@pytest.mark.slow
def test_no_header_says_where_a_request_comes_from(server: ClickHouseServer) -> None:
    """The administrator has the password of the environment, and may come from this machine alone: believed, the header
    would keep it out, and let others in."""
    for password in ("", "guess"):
        with pytest.raises(DatabaseError, match="code: 516"):
            login(server, password).close()
    headers = {"X-ClickHouse-User": ADMIN, "X-ClickHouse-Key": PASSWORD, "X-Forwarded-For": ELSEWHERE}
    url = f"http://127.0.0.1:{server.port}/?query=SELECT+currentUser()"
    assert httpx.get(url, headers=headers, trust_env=False).text.strip() == ADMIN


@pytest.mark.slow
def test_a_backup_goes_to_its_disk_and_comes_back(server: ClickHouseServer) -> None:
    url = SERVICES["worker"]["environment"]["BACKUP_URL"].removeprefix("${BACKUP_URL:-").removesuffix("}")
    disk = place(Settings(_env_file=None, clickhouse_dsn="http://h", backup_url=url)).function.split("'")[1]
    with login(server) as client:
        for statement in (
            "CREATE DATABASE shop", "CREATE TABLE shop.t (id UInt32) ENGINE = MergeTree ORDER BY id",
            "INSERT INTO shop.t VALUES (7)", f"BACKUP DATABASE shop TO Disk('{disk}', 'one')",
            "DROP DATABASE shop SYNC", f"RESTORE DATABASE shop FROM Disk('{disk}', 'one')",
        ):  # fmt: skip
            client.command(statement)
        assert client.command("SELECT id FROM shop.t") == 7
        with pytest.raises(DatabaseError, match="not allowed"):
            client.command("BACKUP DATABASE shop TO Disk('default', 'two')")
    assert (server.directory / "backups" / "one").is_dir()
    assert f"backups:{PLACE.rstrip('/')}" in SERVICES["clickhouse"]["volumes"]


def users(**env: str) -> dict[str, User]:
    hosts = ("ETL_HOSTS", "DATALENS_HOSTS", "BACKUP_HOSTS")
    return shipped(**{name.lower(): resolved(GIVEN[name], **env) for name in hosts})


def _believing(folder: Path, known: Iterable[User]) -> Path:
    file = write_config(folder, known)
    believes = "<auth_use_forwarded_address>1</auth_use_forwarded_address></clickhouse>"
    file.write_text(file.read_text("utf-8").replace("</clickhouse>", believes), "utf-8")
    return file


@pytest.fixture(scope="module")
def believing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseServer]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clickhouse_server, "write_config", _believing)
        with clickhouse_server.clickhouse_server(tmp_path_factory.mktemp("networks"), users().values()) as running:
            yield running


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(shipped()))
def test_each_user_comes_from_its_own_network_alone(believing: ClickHouseServer, name: str) -> None:
    came, login = set(), {"user": name, "password": users()[name].password}
    for address in (WORKER, THIS_MACHINE, PROXY, ELSEWHERE):
        asked = {"content": b"SELECT currentUser()", "params": login, "headers": {"X-Forwarded-For": address}}
        reply = httpx.post(f"http://{HOST}:{believing.port}/", **asked, trust_env=False)
        if reply.is_success:
            assert reply.text.strip() == name
            came.add(address)
        else:
            assert "Code: 516" in reply.text
    assert came == ({PROXY} if name == "datalens_reader" else {WORKER, THIS_MACHINE})


def test_the_addresses_are_those_of_the_networks_and_the_administrator_comes_from_inside_alone() -> None:
    declared = {name: COMPOSE["networks"][name]["ipam"]["config"][0]["subnet"] for name in ("default", "proxy")}
    subnets = {name: ip_network(resolved(subnet)) for name, subnet in declared.items()}
    admin = ElementTree.parse(SHIPPED / "users.xml").iterfind("users/default/networks/ip")
    assert not subnets["default"].overlaps(subnets["proxy"])
    assert resolved(GIVEN["DATALENS_HOSTS"]).strip(",") == str(subnets["proxy"])
    assert resolved(GIVEN["ETL_HOSTS"]) == resolved(GIVEN["BACKUP_HOSTS"]) == str(subnets["default"])
    named = users(DATALENS_HOSTS=THIS_MACHINE)["datalens_reader"]
    assert named.hosts == ("172.30.91.0/24", "172.30.90.1/32"), "a reader on this machine is let in by name"
    assert {ip.text for ip in admin} == {"127.0.0.1", "::1"}
    assert SERVICES["access"]["network_mode"] == "service:clickhouse"
    assert "@127.0.0.1:" in GIVEN["CLICKHOUSE_DSN"]


def test_who_comes_from_outside_is_in_no_network_of_the_loader() -> None:
    networks = {name: set(service.get("networks", ["default"])) for name, service in SERVICES.items()}
    assert {n for n, s in SERVICES.items() if any(p[:4] != "127." for p in s.get("ports", []))} == {"tls"}
    assert networks["tls"] == {"proxy"}
    assert {name for name, names in networks.items() if "proxy" in names} == {"clickhouse", "prefect", "tls"}
    assert {name for name, names in networks.items() if "database" in names} == {"postgres", "prefect"}
    assert networks["postgres"] == {"database"}
    # Docker reaches a published port through the first network by name: then this machine counts as inside.
    for service in ("clickhouse", "prefect"):
        assert min(networks[service] - {"database"}) == "default"
