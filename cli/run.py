"""What some commands do: in this process or, where PREFECT_API_URL is set, as a run on that Prefect server."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from contextvars import copy_context
from dataclasses import asdict, dataclass
from datetime import date
from typing import Protocol

from cli.server_address import server_address
from cli.terminal import complain, print_checks, print_probes, say
from tasks.errors import ZakazError
from tasks.harmless import json_line
from tasks.ingest import Report
from tasks.load.backup import BackedUp
from tasks.quality.checks import Result
from tasks.quality.run import as_json as results_as_json
from tasks.quality.run import summary
from tasks.settings import Settings, load_settings
from tasks.smoke import Probe, SmokeFailed
from tasks.smoke import summary as smoke_summary
from tasks.sources import in_use, source_named
from tasks.sources.source import Source
from tasks.sources.windows import backfill_window, label, requested_window
from tasks.window import Window


class Place(Protocol):
    """Where work is done: the modules `here` and `on_server`."""

    def load_source(self, source: Source, settings: Settings, window: Window, refresh: bool) -> Report: ...
    def load_range(
        self, source: Source, settings: Settings, first: date, last: date | None, refresh: bool
    ) -> str: ...
    def replay_rows(self, source: Source | None, settings: Settings) -> str: ...
    def judge(self, settings: Settings) -> list[Result]: ...
    def probe(self, settings: Settings) -> list[Probe]: ...
    def back_up(self, settings: Settings, name: str | None) -> BackedUp: ...
    def alerts_of(self, what: str) -> AbstractContextManager[None]: ...


@dataclass(frozen=True)
class Request:
    """What to load: one window for every source, or, with all of it None, each source's own trailing one."""

    days: int | None = None
    first: date | None = None
    last: date | None = None
    refresh: bool = False

    def label(self, name: str) -> str:
        """The load by name, e.g. `qtickets 30 days`: an alert of one is not resolved by another."""
        return label(name, self.days, self.first, self.last)


def place() -> Place:
    """Prefect takes seconds to import: only where it is used."""
    if server_address():
        from cli import on_server  # noqa: PLC0415

        return on_server
    from cli import here  # noqa: PLC0415

    return here


def load_sources(name: str, request: Request) -> int:
    """Print a line a source and give the exit status. One source that fails does not stop the others.

    Raises UsageError for an unknown source, and for a single one whatever its load raises.
    """
    if name != "all":
        say(line_of(load_one(name, request)))
        return 0
    outcomes = load_all(request)
    for source, outcome in outcomes.items():
        if isinstance(outcome, Report):
            say(line_of(outcome))
        elif isinstance(outcome, ZakazError):
            complain(f"{source}: {outcome}")
    # What no source can help, such as a Prefect server that is down.
    for outcome in outcomes.values():
        if isinstance(outcome, Exception) and not isinstance(outcome, ZakazError):
            raise outcome
    failed = [outcome.exit_status for outcome in outcomes.values() if isinstance(outcome, ZakazError)]
    return min(failed, default=0)


def load_all(request: Request) -> dict[str, Report | Exception]:
    """Every source in use, in a thread of its own; what each gave or raised, by name."""

    def one(name: str) -> Report | Exception:
        try:
            return load_one(name, request)
        except Exception as error:  # noqa: BLE001 - raised, or told, by who asked
            return error

    with place().alerts_of("all"):
        names = list(in_use(load_settings()))
    with ThreadPoolExecutor(len(names)) as pool:
        running = {name: pool.submit(copy_context().run, one, name) for name in names}
    return {name: future.result() for name, future in running.items()}


def load_one(name: str, request: Request) -> Report:
    source, where = source_named(name), place()
    with where.alerts_of(request.label(name)):
        settings = load_settings()
        # Before there is a run: a missing token or a bad date is a matter for this terminal, not for the history.
        window = requested_window(source, request.days, request.first, request.last)
        source.check_settings(settings)
        return where.load_source(source, settings, window, request.refresh)


def run_backfill(name: str, first: date, last: date | None, refresh: bool) -> str:
    """What was done, in a line. Raises what a load raises; started again, it goes on from there."""
    source, where = source_named(name), place()
    with where.alerts_of(f"backfill {name}"):
        settings = load_settings()
        backfill_window(source, first, last)
        source.check_settings(settings)
        return f"{name} {where.load_range(source, settings, first, last, refresh)}"


def judge() -> list[Result]:
    """Every check's result."""
    where = place()
    with where.alerts_of("quality"):
        return where.judge(load_settings())


def run_quality(as_json: bool) -> int:
    """Print every check and give the exit status: 1 where one of severity `fail` is broken."""
    results = judge()
    if as_json:
        print(results_as_json(results))
    else:
        print_checks(results, summary(results))
    return int(any(result.fails for result in results))


def run_smoke(verbose: bool, as_json: bool) -> int:
    """Print what needs attention (with `verbose`, everything) and give the exit status: 1 for a failure."""
    where = place()
    try:
        with where.alerts_of("smoke"):
            probes = where.probe(load_settings())
    except SmokeFailed as failed:
        probes = failed.probes
    if as_json:
        print("\n".join(json_line(asdict(probe)) for probe in probes))
    else:
        print_probes([p for p in probes if verbose or p.status != "ok"], smoke_summary(probes))
    return int(any(probe.status == "failure" for probe in probes))


def run_replay(name: str | None) -> str:
    source, where = source_named(name) if name is not None else None, place()
    with where.alerts_of("replay"):
        return where.replay_rows(source, load_settings())


def run_backup(name: str | None) -> str:
    where = place()
    with where.alerts_of("backup"):
        return str(where.back_up(load_settings(), name))


def line_of(report: Report) -> str:
    return f"{report.source} {report.message}"
