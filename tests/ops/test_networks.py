"""Who gets into the ClickHouse of compose.yaml from where: its users, with its addresses, on a real server.

There is no Docker network here, and ClickHouse takes all addresses of 127.0.0.0/8 for one. So the server of these tests is
told to believe the address that a request says it comes from, which the one of compose.yaml does not.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from ipaddress import ip_network
from pathlib import Path

import httpx
import pytest

from tests.ops.files import COMPOSE, SERVICES, resolved
from tests.support import clickhouse_server
from tests.support.clickhouse_server import HOST, ClickHouseServer
from tests.support.clickhouse_users import User, write_config
from tests.support.shipped_access import shipped

# A worker, a program on this machine by the published port, the TLS proxy, anybody.
WORKER, THIS_MACHINE, PROXY, ELSEWHERE = "172.30.90.4", "172.30.90.1", "172.30.91.3", "203.0.113.9"
HOSTS = ("ETL_HOSTS", "DATALENS_HOSTS", "BACKUP_HOSTS")


def users(**env: str) -> dict[str, User]:
    given = SERVICES["access"]["environment"]
    return shipped(**{name.lower(): resolved(given[name], **env) for name in HOSTS})


def _believing(folder: Path, known: Iterable[User]) -> Path:
    file = write_config(folder, known)
    believes = "<auth_use_forwarded_address>1</auth_use_forwarded_address></clickhouse>"
    file.write_text(file.read_text("utf-8").replace("</clickhouse>", believes), "utf-8")
    return file


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseServer]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clickhouse_server, "write_config", _believing)
        with clickhouse_server.clickhouse_server(tmp_path_factory.mktemp("networks"), users().values()) as running:
            yield running


def _pair(user: User) -> bytes:
    return f"{user.name}:{user.password}".encode()


SPELLINGS: dict[str, Callable[[User], dict[str, dict[str, str]]]] = {
    "headers": lambda user: {"headers": {"X-ClickHouse-User": user.name, "X-ClickHouse-Key": user.password}},
    "basic": lambda user: {"headers": {"Authorization": f"Basic {b64encode(_pair(user)).decode()}"}},
    "parameters": lambda user: {"params": {"user": user.name, "password": user.password}},
}


@pytest.mark.slow
@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("name", sorted(shipped()))
def test_each_user_comes_from_its_own_network_alone(server: ClickHouseServer, name: str, spelling: str) -> None:
    user = users()[name]
    came = set()
    for address in (WORKER, THIS_MACHINE, PROXY, ELSEWHERE):
        given = {"headers": {}, "params": {}} | SPELLINGS[spelling](user)
        headers = [(n.encode(), v.encode()) for n, v in given["headers"].items()]
        reply = httpx.post(
            f"http://{HOST}:{server.port}/",
            content=b"SELECT currentUser()",
            params=given["params"],
            headers=[*headers, (b"X-Forwarded-For", address.encode())],
            trust_env=False,
        )
        if reply.status_code == httpx.codes.OK:
            assert reply.text.strip() == name
            came.add(address)
        else:
            assert "Code: 516" in reply.text

    assert came == ({PROXY} if name == "datalens_reader" else {WORKER, THIS_MACHINE})


def test_a_reader_on_this_machine_is_let_in_by_name() -> None:
    assert users(DATALENS_HOSTS=THIS_MACHINE)["datalens_reader"].hosts == ("172.30.91.0/24", "172.30.90.1/32")


def test_the_addresses_are_those_of_the_networks() -> None:
    subnets = {
        name: ip_network(resolved(COMPOSE["networks"][name]["ipam"]["config"][0]["subnet"]))
        for name in ("default", "proxy")
    }
    given = SERVICES["access"]["environment"]

    assert not subnets["default"].overlaps(subnets["proxy"])
    assert resolved(given["DATALENS_HOSTS"]).strip(",") == str(subnets["proxy"])
    assert resolved(given["ETL_HOSTS"]) == resolved(given["BACKUP_HOSTS"]) == str(subnets["default"])


def test_who_comes_from_outside_is_in_no_network_of_the_loader() -> None:
    def networks(service: str) -> set[str]:
        return set(SERVICES[service].get("networks", ["default"]))

    assert {n for n, s in SERVICES.items() if any(p[:4] != "127." for p in s.get("ports", []))} == {"tls"}
    assert networks("tls") == {"proxy"}
    assert {name for name in SERVICES if "proxy" in networks(name)} == {"clickhouse", "prefect", "tls"}
    # Docker reaches a published port through the first network by name: then this machine counts as inside.
    for service in ("clickhouse", "prefect"):
        assert min(networks(service) - {"database"}) == "default"
