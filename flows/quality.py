"""Quality: freshness, duplicates, completeness, volume, reconciliation, judged apart from the loads."""

from __future__ import annotations

import json
import logging
from datetime import UTC, date, datetime
from typing import Annotated, Any

from clickhouse_connect.driver.client import Client
from prefect import Flow, flow, runtime, task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import FlowRun, State
from prefect.states import Completed
from pydantic import Field

from flows import alerts
from flows.running import TOLD, name_of_day, shown
from flows.stopping import how_ended
from tasks.errors import ZakazError
from tasks.harmless import for_chat, for_markdown, for_terminal, json_line
from tasks.load import runs
from tasks.load.alerts import Trouble, open_keys
from tasks.load.looks import Interrupted, judge_all
from tasks.load.migrate import migrated
from tasks.load.quality import Result, checks, record
from tasks.load.runs import Run
from tasks.load.warehouse import warehouse
from tasks.settings import Settings, load_settings
from tasks.window import moscow_today

logger = logging.getLogger("zakaz.flow")

Today = Annotated[date | None, Field(json_schema_extra=shown("Day"))]
_CHECK, _NOT_JUDGED = "check ", "checks not judged"
"""How alerts name what they are about: a broken check, and those that could not be judged."""
_HINDERED = "hindered"
"""In a run's metrics: the checks of severity `fail` that it could not judge though there are data."""
_MARKS = {"ok": "ok", "broken": "BROKEN", "unjudged": "not judged"}


class ChecksBroken(ZakazError):
    """A check of severity `fail` is broken. `results` are those of all checks."""

    def __init__(self, results: list[Result]) -> None:
        super().__init__(summary(results))
        self.results = results


def _tell_unless_told(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """Of broken checks people were told one by one, by a run that came to its end; that nothing could be judged is
    news."""
    came_to_its_end = isinstance(alerts.error_of(state), ChecksBroken)
    (alerts.run_recovered if came_to_its_end else alerts.run_failed)(flow, flow_run, state)


@flow(name="quality", flow_run_name=name_of_day, description=__doc__, **TOLD | {"on_failure": [_tell_unless_told]})
def quality(today: Today = None) -> State[object]:
    """Judge the data in the warehouse.

    Args:
        today: None: as of today. To judge as of another day, in Moscow, choose date and pick it.
    """
    settings = load_settings()
    day = today or moscow_today()
    run = Run("quality", str(runtime.flow_run.id), datetime.now(UTC))
    with migrated(settings) as client:
        runs.begin(client, run, f"{day}: judging")
    try:
        results = judge(settings, day)
    except Interrupted as lost:
        _record_what_is_known(settings, run, day, lost)
        raise
    except BaseException as error:
        _record_failure(settings, run, day, error)
        raise
    hindered_before = _record(settings, run, day, results)
    _publish(results)
    _tell(settings, results, hindered_before)
    if any(result.fails for result in results):
        raise ChecksBroken(results)
    return Completed(message=for_terminal(summary(results)), data=results)


@task(task_run_name="judge", cache_policy=NO_CACHE)
def judge(settings: Settings, today: date) -> list[Result]:
    results = judge_all(settings, checks(), today)
    for result in results:
        if result.status == "broken":
            logger.log(
                logging.ERROR if result.fails else logging.WARNING, "%s: %s", result.check.title, result.message
            )
        elif result.hindered:
            logger.warning("%s: %s", result.check.title, result.message)
    return results


def summary(results: list[Result]) -> str:
    """`33 checks: 1 failed, 2 warn, 3 could not be judged`, and what failed or should have been judged."""
    failed = [result for result in results if result.fails]
    counts = {
        "failed": len(failed),
        "warn": sum(result.warns for result in results),
        "could not be judged": sum(result.status == "unjudged" for result in results),
    }
    words = ", ".join(f"{number} {what}" for what, number in counts.items() if number) or "all well"
    named = [*failed[:3], *_hindered(results)[:3]]
    return f"{len(results)} checks: {words}" + "".join(f"; {r.check.name}: {r.message}" for r in named)


def _hindered(results: list[Result]) -> list[Result]:
    """Checks of severity `fail` that have data and could not be judged all the same."""
    return [result for result in results if result.hindered and result.check.severity == "fail"]


def as_json(results: list[Result]) -> str:
    """One object for a program: status and every check."""
    found = [
        {
            "check": r.check.name,
            "title": r.check.title,
            "why": r.check.why,
            "severity": r.check.severity,
            "sources": r.check.sources,
            "status": r.status,
            "observed": r.observed,
            "expected": 0,
            "message": r.message,
            "sample": r.sample,
        }
        for r in results
    ]
    status = "failed" if any(r.fails for r in results) else "warn" if any(r.warns for r in results) else "ok"
    return json_line({"status": status, "checks": found})


def _record(settings: Settings, run: Run, today: date, results: list[Result]) -> set[str]:
    """Record the run, and name the checks that the run before could not judge though it should have."""
    status = "failed" if any(result.fails for result in results) else "success"
    metrics = {"day": today, _HINDERED: [result.check.name for result in _hindered(results)]}
    with warehouse(settings) as client:
        before = _hindered_before(client)
        record(client, run, today, results)
        runs.end(client, run, status, len(results), summary(results), metrics)
    return before


def _hindered_before(client: Client) -> set[str]:
    """Of the newest run that came to its end."""
    for metrics in runs.history(client, 20, "quality")["metrics"]:
        if (names := json.loads(metrics).get(_HINDERED)) is not None:
            return set(names)
    return set()


def _record_what_is_known(settings: Settings, run: Run, today: date, lost: Interrupted) -> None:
    """The warehouse may be back already; else one line says that nothing could be recorded."""
    try:
        with warehouse(settings) as client:
            record(client, run, today, lost.results)
            runs.end(client, run, "failed", len(lost.results), str(lost), {"day": today})
    except ZakazError as error:
        logger.error("the checks that were judged could not be recorded: %s", error)


def _record_failure(settings: Settings, run: Run, day: date, error: BaseException) -> None:
    why = how_ended(error)
    try:
        with warehouse(settings) as client:
            runs.end(client, run, "failed", 0, f"{day}: {why}", {"day": day})
    except ZakazError as second:
        logger.error("the failed run could not be recorded: %s", second)


def _publish(results: list[Result]) -> None:
    """Broken ones first: a person reads the top."""
    order = {"broken": 0, "unjudged": 1, "ok": 2}
    rows = [
        {
            "status": _MARKS[r.status],
            "what": for_chat(r.message),  # Prefect's page shows it as it is.
            "check": r.check.title,
            "if broken": r.check.severity,
        }
        for r in sorted(results, key=lambda r: (order[r.status], not r.hindered, r.check.severity, r.check.name))
    ]
    description = for_markdown(summary(results))
    create_table_artifact(rows, key="quality-checks", description=description)
    lines = [
        f"- **{r.check.title}** ({r.check.severity}): {for_markdown(r.message)}. {r.check.why}."
        for r in results
        if r.status == "broken"
    ]
    lines += [f"- **{r.check.title}** (not judged): {for_markdown(r.message)}." for r in results if r.hindered]
    text = "\n".join([f"## {description}", "", *(lines or ["Nothing is broken."])])
    create_markdown_artifact(text, key="quality", description=description)


def _tell(settings: Settings, results: list[Result], hindered_before: set[str]) -> None:
    """One message a broken check and one for its end. A check that could not be judged leaves its alert open, since
    nobody knows whether it is over."""
    by_key = {f"{_CHECK}{r.check.name}": r for r in results}
    for key, r in by_key.items():
        if r.status == "broken":
            about = f"{r.check.why}.\nSources: {', '.join(r.check.sources)}. See `zakaz quality`."
            title = f"{r.check.title} (check broken)"
            alerts.tell(settings, Trouble(key, title, r.message, for_chat(r.message), r.observed, about))
    with warehouse(settings) as client:
        open_now = open_keys(client, _CHECK)
    for key in open_now:
        if key not in by_key:
            alerts.end(settings, key, "The check was removed or renamed, so this alert is closed unseen.")
        elif by_key[key].status == "ok":
            alerts.end(settings, key)
    _tell_of_hindered(settings, _hindered(results), hindered_before)


def _tell_of_hindered(settings: Settings, now: list[Result], before: set[str]) -> None:
    """Once may be chance, a busy machine or a long load; twice in a row people must know."""
    if not now:
        alerts.end(settings, _NOT_JUDGED)
    if twice := [r for r in now if r.check.name in before]:
        lines = "\n".join(f"{r.check.title}: {for_chat(r.message)}" for r in twice)
        essence = ", ".join(r.check.name for r in twice)
        checks_, it = ("check", "this holds") if len(twice) == 1 else ("checks", "these hold")
        title = f"{len(twice)} {checks_} could not be judged, twice in a row"
        about = f"Nobody knows whether {it}. See `zakaz quality`."
        alerts.tell(settings, Trouble(_NOT_JUDGED, title, essence, lines, len(twice), about))
