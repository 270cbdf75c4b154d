"""What some commands do: run a flow in this process, print what came of it, give the exit status."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import asdict, dataclass
from datetime import date

from prefect.client.orchestration import get_client

from flows.backfill import backfill, range_of, registered_source
from flows.faults import carried
from flows.ingest import Report
from flows.quality import ChecksBroken, quality, summary
from flows.quality import as_json as results_as_json
from flows.registry import in_use
from flows.replay import replay
from flows.running import window_of
from flows.smoke import Probe, SmokeFailed, smoke
from flows.smoke import summary as smoke_summary
from flows.terminal import complain, print_checks, print_probes, say
from tasks.errors import ZakazError
from tasks.harmless import json_line
from tasks.load.quality import Result
from tasks.settings import load_settings


@dataclass(frozen=True)
class Request:
    """What to load: one window for every source, or, with `days` None, each source's own trailing one."""

    days: int | None = None
    first: date | None = None
    last: date | None = None
    refresh: bool = False


def load_sources(source: str, request: Request) -> int:
    """Print a line a source and give the exit status. One source that fails does not stop the others.

    Raises UsageError for an unknown source, and for a single one whatever its flow raises.
    """
    if source != "all":
        say(line_of(load_one(source, request)))
        return 0
    outcomes = load_all(request)
    for name, outcome in outcomes.items():
        if isinstance(outcome, ZakazError):
            complain(f"{name}: {outcome}")
        else:
            say(line_of(outcome))
    failed = [outcome.exit_status for outcome in outcomes.values() if isinstance(outcome, ZakazError)]
    return min(failed, default=0)


def load_all(request: Request) -> dict[str, Report | ZakazError]:
    """Every source in use, in a thread of its own; what each gave, by name. Raises what is no ZakazError."""

    def one(name: str) -> Report | ZakazError:
        try:
            return load_one(name, request)
        except ZakazError as error:
            return error

    # Where Prefect has no server it starts one of its own; three threads would start several and lose all but one.
    with get_client(sync_client=True) as client:
        client.hello()
    names = list(in_use(load_settings()))
    with ThreadPoolExecutor(len(names)) as pool:
        running = {name: pool.submit(copy_context().run, one, name) for name in names}
    for future in running.values():
        # What no source can help, such as a Prefect that is down, is raised once all have ended.
        future.result()
    return {name: future.result() for name, future in running.items()}


def load_one(name: str, request: Request) -> Report:
    source, flow = registered_source(name)
    # Before a flow run exists: a missing token or a bad date is a matter for this terminal, not for the history.
    window_of(source, source.days if request.days is None else request.days, request.first, request.last)
    source.check_settings(load_settings())
    given: dict[str, object] = {"date_from": request.first, "date_to": request.last, "days": request.days}
    given = {key: value for key, value in given.items() if value is not None}
    return carried(name, flow, Report, refresh=request.refresh, **given)


def run_backfill(source: str, first: date, last: date | None, refresh: bool) -> str:
    """What was done, in a line. Raises what a flow raises; started again, it goes on from there."""
    registered = registered_source(source)
    range_of(registered.source, first, last)
    registered.source.check_settings(load_settings())
    message = carried(source, backfill, str, source=source, date_from=first, date_to=last, refresh=refresh)
    return f"{source} {message}"


def judge() -> list[Result]:
    """Every check's result, whether or not one of them fails the flow."""
    try:
        outcome: object = quality()
    except ChecksBroken as broken:
        outcome = broken.results
    assert isinstance(outcome, list)
    return outcome


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
    try:
        outcome: object = smoke()
    except SmokeFailed as failed:
        outcome = failed.probes
    assert isinstance(outcome, list)
    probes: list[Probe] = outcome
    if as_json:
        print("\n".join(json_line(asdict(probe)) for probe in probes))
    else:
        print_probes([p for p in probes if verbose or p.status != "ok"], smoke_summary(probes))
    return int(any(probe.status == "failure" for probe in probes))


def run_replay(source: str | None) -> str:
    if source is not None:
        registered_source(source)
    return str(replay(source))


def line_of(report: Report) -> str:
    return f"{report.source} {report.message}"
