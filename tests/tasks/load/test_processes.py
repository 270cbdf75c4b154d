"""Loads in processes of their own: a clock far away moves no day."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.settings import Settings
from tests.support.clickhouse_server import clickhouse_server
from tests.tasks.load.processes import finish, start

pytestmark = pytest.mark.slow

FAR = "Asia/Kamchatka"
# Loads both ends of the Moscow day 10 March and its neighbours, then empties that day; prints what was where.
FAR_LOAD = """
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


@pytest.mark.parametrize("where", ["the server", "the computer"])
def test_an_instant_is_an_instant_and_a_day_a_moscow_day_wherever_the_clock_is(
    make_settings: Callable[..., Settings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    monkeypatch.setenv("TZ", FAR)
    if where == "the server":
        with clickhouse_server(tmp_path / "server") as server:
            monkeypatch.delenv("TZ")
            said = json.loads(finish(start(tmp_path, FAR_LOAD, make_settings(clickhouse_dsn=server.dsn))))
    else:
        said = json.loads(finish(start(tmp_path, FAR_LOAD, make_settings())))

    paid = [
        "2026-03-09 20:59:59.999",
        "2026-03-09 21:00:00.000",
        "2026-03-10 20:59:59.999",
        "2026-03-10 21:00:00.000",
    ]
    assert said == [
        FAR,
        [[text] for text in paid],
        [["2026-03-09", 1], ["2026-03-10", 2], ["2026-03-11", 1]],
        [[1], [4]],
    ]
