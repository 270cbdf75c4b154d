"""A command that is stopped or killed, whatever it waits for: one line, the run recorded, the next one goes on."""

from __future__ import annotations

import os
import signal

import pytest

from tests.cli.conftest import Zakaz, wait_for
from tests.flows import truth

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
