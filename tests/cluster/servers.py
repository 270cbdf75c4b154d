"""Two ClickHouse servers as two shards, behind one door. All is real but for replication and ON CLUSTER, which need a Keeper:
the door runs such a statement on both servers, with the plain engine for the replicated one. All other requests go to
both in turn, as through a load balancer, so that nothing may depend on which server answers."""

import http.client
import itertools
import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from http.server import ThreadingHTTPServer
from pathlib import Path

import clickhouse_connect
import pytest

from tasks.settings import Settings
from tests.support.clickhouse_server import HOST, ClickHouseServer, clickhouse_server, free_port
from tests.support.clickhouse_users import DEFAULT, User
from tests.support.receiver import Silent, serving
from tests.support.shipped_access import SETTINGS, rendered, shipped

CLUSTER = "two_shards"
_CONFIG = """<clickhouse>
    <tcp_port>{port}</tcp_port>
    <macros><shard>{shard}</shard><replica>one</replica></macros>
    <remote_servers><two_shards>{shards}</two_shards></remote_servers>
</clickhouse>"""
_HOP = {"connection", "transfer-encoding", "content-length", "keep-alive", "host"}


@dataclass
class Shards:
    """`port` is the door's."""

    servers: list[ClickHouseServer]
    port: int = 0
    turn: Iterator[int] = field(default_factory=itertools.count)

    @property
    def dsn(self) -> str:
        return self.dsn_of(DEFAULT)

    def dsn_of(self, user: User) -> str:
        """Where a user logs in, through the door."""
        first = self.servers[0]
        return first.dsn_of(user).replace(f":{first.port}", f":{self.port}")


@contextmanager
def two_shards(folder: Path, users: Iterable[User] = ()) -> Iterator[Shards]:
    ports = [free_port(), free_port()]
    with ExitStack() as stack:
        servers = []
        for shard in range(len(ports)):
            _configure(folder / f"shard{shard}", shard, ports)
            server = stack.enter_context(clickhouse_server(folder / f"shard{shard}", users))
            with clickhouse_connect.get_client(dsn=server.dsn) as client:
                client.command("SYSTEM START LISTEN TCP")
            servers.append(server)
        shards = Shards(servers)
        door = ThreadingHTTPServer((HOST, 0), type("Door", (_Request,), {"shards": shards}))
        stack.enter_context(serving(door))
        shards.port = door.server_port
        yield shards


def plain(statement: str) -> str:
    """A statement for every server as the one for this server, tables not replicated but with what matters of it:
    a repeated insert is dropped."""
    text = re.sub(r" ON CLUSTER `\w+`", "", statement)
    text, made = re.subn(r"ReplicatedReplacingMergeTree\([^)]*, _ver\)", "ReplacingMergeTree(_ver)", text)
    return f"{text} SETTINGS non_replicated_deduplication_window = 1000" if made else text


def users_of_cluster() -> dict[str, User]:
    """The users of `sql/access`, the loader with what it is granted on a cluster only."""
    users, settings = shipped(), Settings(_env_file=None, clickhouse_cluster=CLUSTER, **SETTINGS)
    (more,) = [text for text in rendered(settings, "etl_writer") if " REMOTE" in text]
    loader = users["etl_writer"]
    roles = {**loader.roles, "cluster": (plain(more).rsplit(" TO ", 1)[0],)}
    return users | {"etl_writer": replace(loader, roles=roles)}


@pytest.fixture(scope="session")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shards]:
    with two_shards(tmp_path_factory.mktemp("shards"), users_of_cluster().values()) as shards:
        yield shards


def _configure(folder: Path, shard: int, ports: list[int]) -> None:
    one = "<shard><internal_replication>true</internal_replication><replica><host>{}</host><port>{}</port></replica></shard>"
    path = folder / "config.d" / "cluster.xml"
    path.parent.mkdir(parents=True)
    shards = "".join(one.format(HOST, port) for port in ports)
    path.write_text(_CONFIG.format(port=ports[shard], shard=shard, shards=shards))


class _Request(Silent):
    protocol_version = "HTTP/1.1"
    shards: Shards

    def do_GET(self) -> None:
        shards = self.shards
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if b" ON CLUSTER `" not in body:
            return self._answer(self._forward(shards.servers[next(shards.turn) % len(shards.servers)], body))
        statement = body.decode()
        replies = [self._forward(server, plain(statement).encode()) for server in shards.servers]
        return self._answer(max(replies, key=lambda reply: reply[0]))

    do_POST = do_GET

    def _forward(self, server: ClickHouseServer, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP}
        connection = http.client.HTTPConnection(HOST, server.port, timeout=120)
        try:
            connection.request(self.command, self.path, body, headers)
            reply = connection.getresponse()
            return reply.status, reply.getheaders(), reply.read()
        finally:
            connection.close()

    def _answer(self, reply: tuple[int, list[tuple[str, str]], bytes]) -> None:
        status, headers, body = reply
        self.answer(status, body, {name: value for name, value in headers if name.lower() not in _HOP})
