"""`zakaz load`: run ingestion flows in this process, side by side, and print what each did."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from prefect.client.orchestration import get_client

from flows.backfill import backfill, registered_source
from flows.ingest import Report
from flows.registry import SOURCES
from flows.running import window_of
from flows.terminal import complain
from tasks.errors import ZakazError
from tasks.settings import load_settings


@dataclass(frozen=True)
class Request:
    """What to load: one window for every source, or, with `days` None, each source's own trailing one."""

    days: int | None = None
    first: date | None = None
    last: date | None = None
    refresh: bool = False
    env: Path | None = None


def load_sources(source: str, request: Request) -> int:
    """Print a line a source and give the exit status. One source that fails does not stop the others.

    Raises UsageError for an unknown source, and for a single one whatever its flow raises.
    """
    if source != "all":
        print(line_of(load_one(source, request)))
        return 0
    outcomes = load_all(request)
    for name, outcome in outcomes.items():
        if isinstance(outcome, ZakazError):
            complain(f"{name}: {outcome}")
        else:
            print(line_of(outcome))
    failed = [outcome.exit_status for outcome in outcomes.values() if isinstance(outcome, ZakazError)]
    return min(failed, default=0)


def load_all(request: Request) -> dict[str, Report | ZakazError]:
    """Every source in a thread of its own; what each gave, by name. Raises what is no ZakazError."""

    def one(name: str) -> Report | ZakazError:
        try:
            return load_one(name, request)
        except ZakazError as error:
            return error

    # Where Prefect has no server it starts one of its own; three threads would start several and lose all but one.
    with get_client(sync_client=True) as client:
        client.hello()
    with ThreadPoolExecutor(len(SOURCES)) as pool:
        running = {name: pool.submit(copy_context().run, one, name) for name in SOURCES}
    for future in running.values():
        # What no source can help, such as a Prefect that is down, is raised once all have ended.
        future.result()
    return {name: future.result() for name, future in running.items()}


def load_one(name: str, request: Request) -> Report:
    source, flow = registered_source(name)
    # Before a flow run exists: a missing token or a bad date is a matter for this terminal, not for the history.
    window_of(source, source.days if request.days is None else request.days, request.first, request.last)
    source.check_settings(load_settings(request.env))
    given = {"date_from": request.first, "date_to": request.last, "days": request.days}
    report = flow(
        refresh=request.refresh,
        env=str(request.env) if request.env else None,
        **{key: value for key, value in given.items() if value is not None},
    )
    assert isinstance(report, Report)
    return report


def run_backfill(source: str, first: date, last: date | None, refresh: bool, env: Path | None) -> str:
    """What was done, in a line. Raises what a flow raises; started again, it goes on from there."""
    registered = registered_source(source)
    window_of(registered.source, 1, first, last)
    registered.source.check_settings(load_settings(env))
    message = backfill(source, first, last, refresh, str(env) if env else None)
    return f"{source} {message}"


def line_of(report: Report) -> str:
    return f"{report.source} {report.message}"
