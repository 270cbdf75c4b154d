"""A backup on a server: beside a loader, by a user who may do nothing else; and on a cluster."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from pydantic import SecretStr

from tasks.errors import WarehouseError
from tasks.load.backup import backup, restore
from tasks.load.migrate import migrate
from tasks.load.warehouse import warehouse
from tasks.settings import Settings
from tests.support.clickhouse_server import clickhouse_server
from tests.support.clickhouse_users import User
from tests.tasks.load.backups import fill, other_database
from tests.tasks.load.engines import values
from tests.tasks.load.tickets import load, ticket

MakeSettings = Callable[..., Settings]


@pytest.mark.slow
def test_a_backup_beside_a_load_has_each_insert_whole(server_settings: Settings) -> None:
    """A loader rewrites all tickets again and again, each time at another price: no backup may mix two of them."""
    settings = server_settings.model_copy(update={"backup_url": "disk://backups"})
    mine = settings.clickhouse_database
    with warehouse(settings) as client:
        migrate(client)
    stop, prices = Event(), []

    def loader() -> None:
        with warehouse(settings) as client:
            while not stop.is_set():
                prices.append(f"{len(prices) + 1}.00")
                load(client, [ticket(n, amount=prices[-1]) for n in range(1, 300)], version=len(prices))

    with ThreadPoolExecutor(1) as pool:
        loading = pool.submit(loader)
        try:
            for n in range(5):
                loads = len(prices)
                wait_for(lambda loads=loads: len(prices) > loads + 1)
                backup(settings, f"{mine}-{n}")
        finally:
            stop.set()
        loading.result()
    seen = []
    for n in range(5):
        restore(settings, f"{mine}-{n}", into=f"{mine}_{n}")
        with other_database(settings, f"{mine}_{n}") as client:
            ask = "SELECT count() AS n, min(amount) AS low, max(amount) AS high FROM stg_qtickets_tickets FINAL"
            ((count, low, high),) = values(client, ask)
            client.command(f"DROP DATABASE {mine}_{n} SYNC")
        assert (count, low) == (299, high)
        seen.append(low)
    assert len(set(seen)) == 5, "the loader went on meanwhile"


def wait_for(so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.slow
def test_whoever_backs_up_needs_no_right_to_read(
    server_settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> None:
    grants = ("GRANT SHOW, BACKUP ON zakaz.*", "GRANT SELECT ON system.backups")
    keeper = User("backup_user", password="p@ss", grants=grants)
    with clickhouse_server(tmp_path_factory.mktemp("keeper"), users=[keeper]) as server:
        own = {"clickhouse_database": "zakaz", "backup_url": "disk://backups"}
        settings = server_settings.model_copy(update=own | {"clickhouse_dsn": _secret(server.dsn)})
        with warehouse(settings) as client:
            fill(client)
        theirs = settings.model_copy(update={"clickhouse_dsn": _secret(server.dsn_of(keeper))})
        assert backup(theirs, "nightly").rows > 0
        with pytest.raises(WarehouseError, match="lacks a right"):
            restore(theirs, "nightly", into="other")
        assert restore(settings, "nightly", into="other").rows["stg_qtickets_tickets"] > 0


def _secret(dsn: str) -> SecretStr:
    return SecretStr(dsn)


def test_on_a_cluster_all_servers_take_part(make_settings: MakeSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The statements as the engine reads them; there is no cluster here to run them on."""
    settings, said = make_settings(), []
    with warehouse(settings) as client:
        fill(client)
        client.command("CREATE DATABASE other")
    monkeypatch.setattr("tasks.load.backup.everywhere", lambda _: " ON CLUSTER `two`")
    monkeypatch.setattr("tasks.load.backup.run", lambda *given: said.append(given[3]) or 0)
    backup(settings, "one")
    restore(settings, "one", into="other")
    with warehouse(settings) as client:
        read = [
            values(
                client,
                f"SELECT formatQuerySingleLine($q${text.replace('%(at)s', chr(39) + 'x' + chr(39))}$q$) AS text",
            )[0][0]
            for text in said
        ]
    assert read == [
        "BACKUP DATABASE zakaz ON CLUSTER two TO File('x')",
        "RESTORE DATABASE zakaz AS other ON CLUSTER two FROM File('x')",
    ]
