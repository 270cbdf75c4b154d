"""Where the server or the computer stands changes nothing: an instant is an instant, a day is a Moscow day."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tasks.settings import Settings
from tests.support.clickhouse_server import ClickHouseServer, clickhouse_server
from tests.tasks.load.processes import finish, start

pytestmark = pytest.mark.slow

FAR = "Asia/Kamchatka"
# Loads both ends of the Moscow day 10 March and its neighbours, then empties that day; says what was where.
LOAD = """
import json
from tasks.load.migrate import migrate
from tasks.load.warehouse import warehouse
from tasks.settings import load_settings
from tests.tasks.load.engines import values
from tests.tasks.load.test_mart import restate
from tests.tasks.load.tickets import load, march, ticket
paid = ["2026-03-09T20:59:59.999", "2026-03-09T21:00", "2026-03-10T20:59:59.999", "2026-03-10T21:00"]
with warehouse(load_settings()) as client:
    migrate(client)
    load(client, [ticket(n, paid=text) for n, text in enumerate(paid, 1)], version=1)
    assert load(client, [ticket(n, paid=text) for n, text in enumerate(paid, 1)], version=2).written == 0
    stored = values(client, "SELECT toString(paid_at) FROM stg_qtickets_tickets FINAL ORDER BY ticket_id")
    restate(client, 1)
    sold = values(client, "SELECT event_date, tickets_sold FROM v_sales_latest ORDER BY event_date")
    load(client, [], 3, march(10, 10))
    left = values(client, "SELECT ticket_id FROM stg_qtickets_tickets FINAL ORDER BY ticket_id")
    zone = client.command("SELECT timezone()")
print(json.dumps([zone, stored, sold, left]))
"""
EXPECTED = [
    [
        ["2026-03-09 20:59:59.999"],
        ["2026-03-09 21:00:00.000"],
        ["2026-03-10 20:59:59.999"],
        ["2026-03-10 21:00:00.000"],
    ],
    [["2026-03-09", 1], ["2026-03-10", 2], ["2026-03-11", 1]],
    [[1], [4]],
]


@pytest.fixture
def far_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ClickHouseServer]:
    with monkeypatch.context() as there:
        there.setenv("TZ", FAR)
        server = clickhouse_server(tmp_path / "server")
        running = server.__enter__()
    yield running
    server.__exit__(None, None, None)


def test_a_server_far_away(
    make_settings: Callable[..., Settings], far_server: ClickHouseServer, tmp_path: Path
) -> None:
    said = json.loads(finish(start(tmp_path, LOAD, make_settings(clickhouse_dsn=far_server.dsn))))

    assert said == [FAR, *EXPECTED]


def test_a_computer_far_away(
    make_settings: Callable[..., Settings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", FAR)

    assert json.loads(finish(start(tmp_path, LOAD, make_settings()))) == [FAR, *EXPECTED]
