"""The product with a mine in it: `python -m tests.flows.killed POINT COMMAND...` dies by SIGKILL at POINT.

With ZAKAZ_TEST_FLOW_RUN it continues that flow run, as a worker does, instead of a command line. With
ZAKAZ_TEST_HANG it makes that file at POINT, and hangs there, instead of dying.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import UUID

import polars as pl

from tasks.load import frames


def die(*_args: object, **_kwargs: object) -> None:
    if reached := os.environ.get("ZAKAZ_TEST_HANG"):
        Path(reached).touch()
        time.sleep(600)
    os.kill(os.getpid(), signal.SIGKILL)


def _half_then_die(client: Any, table: str, frame: pl.DataFrame) -> None:
    if table in ("stg_qtickets_tickets", "fact_vk_ads_daily", "fact_direct_daily"):
        frames.insert(client, table, frame.head(frame.height // 2))
        die()
    frames.insert(client, table, frame)


POINTS: dict[str, tuple[str, Callable[..., Any]]] = {
    "in the middle of the insert": ("tasks.load.upsert.insert", _half_then_die),
    "after the insert, before the delete": ("tasks.load.upsert.remove", die),
    "before the merge": ("tasks.steps.merge", die),
    "between the table and the mart": ("tasks.steps.restate", die),
    "before the quarantine": ("tasks.steps.quarantine", die),
    "between insert and record": ("tasks.ingest.runs.end", die),
    "in the middle of the checks": ("flows.quality.record", die),
    "never": ("flows.replay.replay", die),
}


def _go(arguments: list[str]) -> None:
    flow_run_id = os.environ.get("ZAKAZ_TEST_FLOW_RUN")
    if flow_run_id is None:
        from cli.main import main

        main(arguments)
        return
    from prefect.client.orchestration import get_client
    from prefect.flow_engine import run_flow

    from flows.qtickets import qtickets

    with get_client(sync_client=True) as client:
        flow_run = client.read_flow_run(UUID(flow_run_id))
    run_flow(qtickets, flow_run=flow_run, parameters=flow_run.parameters)


if __name__ == "__main__":
    target, mine = POINTS[sys.argv[1]]
    with patch(target, mine):
        _go(sys.argv[2:])
