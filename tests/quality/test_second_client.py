"""Checks beside a real second client that loads without a pause, on a real server."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from tasks.load import runs
from tasks.load.mart import restate
from tasks.load.migrate import migrated
from tasks.load.upsert import merge
from tasks.load.warehouse import warehouse
from tasks.quality.looks import Patience, judge_all
from tasks.settings import Settings
from tests.quality.healthy import MARTS
from tests.quality.small import AD_DAY, TICKET, TODAY, begin, fill, named, run

pytestmark = pytest.mark.slow
SOUND = (
    "duplicates_marketing",
    "duplicates_sales",
    "duplicates_tickets",
    "reconcile_marketing",
    "reconcile_tickets",
)
ROUNDS = 6


def load_on_and_on(settings: Settings, stop: threading.Event) -> None:
    """Each load restates the ticket; between its table and the marts lies what a check must not take for a defect."""
    number = 1
    while not stop.is_set():
        number += 1
        load = begin(settings, "qtickets_loader", f"load-{number}")
        with warehouse(settings) as client:
            client.command(TICKET.format(id=1, amount=1000 + number, version=number))
            for mart in MARTS:
                restate(client, mart, number)
            merge(client, "stg_qtickets_tickets")
            runs.end(client, load, "success", 1, "loaded", {})


def test_a_defect_is_found_exactly_and_the_work_of_the_loads_never(
    make_settings: Callable[..., Settings], clickhouse_dsn: str, clickhouse_database: str
) -> None:
    settings = make_settings(clickhouse_dsn=clickhouse_dsn, clickhouse_database=clickhouse_database)
    with migrated(settings) as client:
        fill(client)
        client.command("SYSTEM START MERGES stg_qtickets_tickets")
    run(settings, AD_DAY.format(ad=1, spent=500, version=1))
    stop = threading.Event()
    loading = threading.Thread(target=load_on_and_on, args=(settings, stop))
    loading.start()
    try:
        for _ in range(ROUNDS):
            asked = named(*SOUND, "duplicates_vk_ads")
            found = {r.check.name: r for r in judge_all(settings, asked, TODAY, Patience(seconds=5, every=0.02))}
            defect = found.pop("duplicates_vk_ads")
            assert (defect.status, defect.observed) == ("broken", 1)
            assert {name: r.message for name, r in found.items() if r.status == "broken"} == {}
            # Not judged at all only where each of the three looks fell into the middle of a load.
            assert all(r.status == "ok" or "at each of 3 looks" in r.message for r in found.values())
            assert loading.is_alive()
    finally:
        stop.set()
        loading.join(30)
