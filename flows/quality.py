"""Quality: freshness, duplicates, completeness, volume, reconciliation, judged apart from the loads."""

from __future__ import annotations

import json
import logging
from datetime import UTC, date, datetime
from typing import Annotated, Any

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
from tasks.load import runs
from tasks.load.alerts import Trouble, open_keys
from tasks.load.migrate import migrated
from tasks.load.quality import Check, Result, checks, judge, record
from tasks.load.runs import Run
from tasks.load.warehouse import warehouse
from tasks.settings import Settings, load_settings
from tasks.window import moscow_today

logger = logging.getLogger("zakaz.flow")

Today = Annotated[date | None, Field(json_schema_extra=shown("Day"))]
_MARKS = {"ok": "ok", "broken": "BROKEN", "unjudged": "not judged"}


class ChecksBroken(ZakazError):
    """A check of severity `fail` is broken. `results` are those of all checks."""

    def __init__(self, results: list[Result]) -> None:
        super().__init__(summary(results))
        self.results = results


def _tell_unless_told(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """Of broken checks people were told one by one; that nothing could be judged is news."""
    if not isinstance(state.result(raise_on_failure=False), ChecksBroken):
        alerts.run_failed(flow, flow_run, state)


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
        results = judge_all(settings, day)
    except BaseException as error:
        _record_failure(settings, run, day, error)
        raise
    _record(settings, run, day, results)
    _publish(results)
    _tell(settings, results)
    if any(result.fails for result in results):
        raise ChecksBroken(results)
    return Completed(message=summary(results), data=results)


@task(task_run_name="judge", cache_policy=NO_CACHE)
def judge_all(settings: Settings, today: date) -> list[Result]:
    with migrated(settings) as client:
        return [_judged(client, check, today, settings) for check in checks()]


def _judged(client: Any, check: Check, today: date, settings: Settings) -> Result:
    result = judge(client, check, today, settings.quality_parameters.get(check.name, {}))
    if result.status == "broken":
        logger.log(logging.ERROR if result.fails else logging.WARNING, "%s: %s", check.title, result.message)
    return result


def summary(results: list[Result]) -> str:
    """`33 checks: 1 failed, 2 warn, 3 could not be judged`, and what failed."""
    failed = [result for result in results if result.fails]
    counts = {
        "failed": len(failed),
        "warn": sum(result.warns for result in results),
        "could not be judged": sum(result.status == "unjudged" for result in results),
    }
    words = ", ".join(f"{number} {what}" for what, number in counts.items() if number) or "all well"
    first = "".join(f"; {result.check.name}: {result.message}" for result in failed[:3])
    return f"{len(results)} checks: {words}{first}"


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
    return json.dumps({"status": status, "checks": found}, ensure_ascii=False, default=str)


def _record(settings: Settings, run: Run, today: date, results: list[Result]) -> None:
    status = "failed" if any(result.fails for result in results) else "success"
    with warehouse(settings) as client:
        record(client, run, today, results)
        runs.end(client, run, status, len(results), summary(results), {"day": today})


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
        {"status": _MARKS[r.status], "what": r.message, "check": r.check.title, "if broken": r.check.severity}
        for r in sorted(results, key=lambda r: (order[r.status], r.check.severity, r.check.name))
    ]
    create_table_artifact(rows, key="quality-checks", description=summary(results))
    broken = [r for r in results if r.status == "broken"]
    lines = [f"- **{r.check.title}** ({r.check.severity}): {r.message}. {r.check.why}." for r in broken]
    text = "\n".join([f"## {summary(results)}", "", *(lines or ["Nothing is broken."])])
    create_markdown_artifact(text, key="quality", description=summary(results))


def _tell(settings: Settings, results: list[Result]) -> None:
    broken = {f"check {r.check.name}": r for r in results if r.status == "broken"}
    for key, r in broken.items():
        body = f"{r.message}\n{r.check.why}.\nSources: {', '.join(r.check.sources)}. See `zakaz quality`."
        alerts.tell(settings, Trouble(key, f"{r.check.title}: no longer so", r.message, body, r.observed))
    with warehouse(settings) as client:
        over = [key for key in open_keys(client, "check ") if key not in broken]
    for key in over:
        alerts.end(settings, key)
