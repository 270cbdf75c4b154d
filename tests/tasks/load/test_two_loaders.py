"""Processes that load into one server at once: the figures are those of the source, and nothing is doubled."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tasks.load.migrate import migrate
from tasks.load.warehouse import warehouse
from tasks.settings import Settings
from tests.tasks.load.engines import values
from tests.tasks.load.processes import finish, start

pytestmark = pytest.mark.slow

TICKETS = 420
# Loads its days of March time and again: from nothing, changed, with rows gone, and back to the full set.
LOAD = """
import json, sys, time
from flows.qtickets import TICKETS
from tasks.errors import ReconcileError
from tasks.load.migrate import migrate
from tasks.load.upsert import merge
from tasks.load.warehouse import warehouse
from tasks.settings import load_settings
from tests.tasks.load.test_mart import restate
from tests.tasks.load.tickets import load, march, ticket

first, last, count = (int(text) for text in sys.argv[1:])
def all_tickets(amount):
    days = ((n, 1 + n % 28) for n in range(1, count + 1))
    return [
        ticket(n, paid=f"2026-03-{day:02}T12:00", amount=amount, event_id=n % 7)
        for n, day in days if first <= day <= last
    ]
def load_and_restate(tickets, version):
    load(client, tickets, version, march(first, last))
    merge(client, TICKETS.name)
    restate(client, int(time.time() * 1000))
print("ready", flush=True)
sys.stdin.readline()
refused = 0
with warehouse(load_settings()) as client:
    migrate(client)
    rounds = [(amount, step) for amount in ("100.10", "0.01") for step in (1, 2, 1)]
    while rounds:
        amount, step = rounds.pop(0)
        try:
            # A run's version is its second, so two runs may well have the same one.
            load_and_restate(all_tickets(amount)[::step], int(time.time()) * 1000)
        except ReconcileError:
            refused += 1
            # As the next run by the clock does it.
            rounds = rounds or [(amount, step)]
print(json.dumps(refused))
"""


def together(folder: Path, settings: Settings, windows: list[tuple[int, int]]) -> list[int]:
    """Load the windows at once; how many loads of each were refused because another writer had been there."""
    processes = [start(folder, LOAD, settings, *map(str, window), str(TICKETS)) for window in windows]
    for process in processes:
        assert process.stdout and process.stdout.readline() == "ready\n", process.communicate()
    for process in processes:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    return [json.loads(finish(process)) for process in processes]


@pytest.mark.parametrize(
    ("windows", "may_meet"),
    [
        ([(1, 14), (15, 28)], False),
        ([(1, 28), (1, 28)], True),
        ([(1, 20), (10, 28), (5, 15)], True),
    ],
    ids=["different windows", "the same window", "overlapping windows"],
)
def test_the_figures_are_those_of_the_source(
    server_settings: Settings, tmp_path: Path, windows: list[tuple[int, int]], may_meet: bool
) -> None:
    with warehouse(server_settings) as client:
        migrate(client)
    refused = together(tmp_path, server_settings, windows)

    if not may_meet:
        assert refused == [0] * len(windows)
    by_day = {f"2026-03-{1 + n % 28:02}" for n in range(1, TICKETS + 1)}
    total = (TICKETS, TICKETS, "4.20")
    with warehouse(server_settings) as client:
        for final in ("", "FINAL"):
            tickets = f"SELECT count(), uniqExact(ticket_id), sum(amount) FROM stg_qtickets_tickets {final}"
            assert values(client, tickets) == [total]
            sales = (
                f"SELECT uniqExact(event_date), sum(tickets_sold), sum(revenue) FROM stg_qtickets_sales_raw {final}"
            )
            assert values(client, sales) == [(len(by_day), TICKETS, "4.20")]
