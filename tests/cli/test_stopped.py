"""A command that is stopped or killed, whatever it waits for: one line, the run recorded, the next one goes on."""

from __future__ import annotations

import os
import signal
from datetime import timedelta

import pytest

from sandbox.world import World
from tasks.load.warehouse import warehouse
from tasks.settings import Settings
from tests.cli.conftest import Zakaz, wait_for
from tests.flows import clock, truth

pytestmark = pytest.mark.slow
HANGS = {"seconds": 300, "times": 100}


def test_all_sources_while_they_wait_for_replies(zakaz: Zakaz) -> None:
    """A second signal, of an impatient person, changes nothing."""
    zakaz.env["HTTP_TIMEOUT"] = "300"
    faults = [zakaz.stage.faults(api).add("timeout", "*", **HANGS) for api in ("qtickets", "vk", "direct")]
    process = zakaz.start("-m", "cli.main", "load", "all", *zakaz.days)
    wait_for(lambda: all(fault.fired for fault in faults), process)

    zakaz.stop(process, signal.SIGINT, signal.SIGINT)

    how = "stopped by SIGINT"
    assert zakaz.ends() == [(f"{name}_loader", "failed", how) for name in ("direct", "qtickets", "vk_ads")]


def test_between_two_tries_of_a_fetch_and_not_by_a_hangup_that_is_ignored(zakaz: Zakaz) -> None:
    """As nohup starts it."""
    zakaz.env |= {"HTTP_ATTEMPTS": "1", "FETCH_RETRIES": "1", "FETCH_RETRY_DELAY": "300"}
    fault = zakaz.stage.faults("direct").add("status", "*", times=100, status=500)
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        process = zakaz.start("-m", "cli.main", "load", "direct", *zakaz.days)
    finally:
        signal.signal(signal.SIGHUP, before)
    wait_for(lambda: fault.fired, process)
    process.send_signal(signal.SIGHUP)

    zakaz.stop(process, signal.SIGTERM)

    assert zakaz.ends() == [("direct_loader", "failed", "stopped by SIGTERM")]


IN_AN_INSERT = """
import pathlib, sys, time
from unittest.mock import patch
def hang(*_):
    pathlib.Path("reached").touch()
    time.sleep(600)
from cli.main import main
with patch("tasks.load.upsert.insert", hang):
    main()
"""


def test_in_the_middle_of_an_insert_with_the_lock_of_the_embedded_warehouse(zakaz: Zakaz) -> None:
    process = zakaz.start("-c", IN_AN_INSERT, "load", "qtickets", *zakaz.days)
    wait_for((zakaz.home / "reached").exists, process)

    zakaz.stop(process, signal.SIGTERM)

    assert zakaz.ends() == [("qtickets_loader", "failed", "stopped by SIGTERM")]


def test_in_a_window_of_a_backfill_while_another_process_has_the_warehouse(zakaz: Zakaz) -> None:
    """The end cannot be recorded then. The next run finds out, and goes on where this one ended."""
    zakaz.env["HTTP_TIMEOUT"] = "300"
    first, last = (clock.today().replace(day=1) - timedelta(days=n) for n in (40, 15))
    first = min(first, last.replace(day=1) - timedelta(days=1))
    zakaz.stage.show(World.generate(until=clock.now(), days=(clock.today() - first).days + 1, scale=0.05))
    command = ("backfill", "qtickets", "--from", str(first), "--to", str(last))
    pages = -(-len(zakaz.stage.qtickets.events) // 20)
    fault = zakaz.stage.faults("qtickets").add("timeout", "/events", after=pages, **HANGS)
    process = zakaz.start("-m", "cli.main", *command)
    wait_for(lambda: fault.fired, process)
    with warehouse(Settings(_env_file=None, clickhouse_dsn=zakaz.env["CLICKHOUSE_DSN"])):
        zakaz.stop(process, signal.SIGTERM)
    assert [status for _, status, _ in zakaz.ends()] == ["success", "running"]

    zakaz.stage.faults("qtickets").clear()
    assert "1 were done" in zakaz.ok(*command)

    assert [end[1:] for end in zakaz.ends()][:2] == [
        ("success", ""),
        ("failed", "crashed: its process ended without a word"),
    ]


def test_killed_in_the_middle_of_the_fetch_and_run_again(zakaz: Zakaz) -> None:
    """What had landed is not taken for the whole."""
    process = zakaz.start("-m", "cli.main", "load", "qtickets", *zakaz.days)
    zakaz.stage.faults("qtickets").mutate(lambda _: os.kill(process.pid, signal.SIGKILL), after=2)
    assert process.wait(180) == -signal.SIGKILL

    zakaz.ok("load", "qtickets", *zakaz.days)

    sold = (
        "SELECT event_date, event_id, currency, tickets_sold, revenue, refunds_amount FROM stg_qtickets_sales_raw"
    )
    rows = {row[:3]: row[3:] for row in zakaz.select(sold).rows()}
    assert rows == truth.sales(zakaz.world, zakaz.first, zakaz.last)
    assert [end[1:] for end in zakaz.ends()] == [
        ("failed", "crashed: its process ended without a word"),
        ("success", ""),
    ]
