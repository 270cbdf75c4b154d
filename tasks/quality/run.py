"""A run of all checks: judge, record, send alerts, sum up."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import UTC, date, datetime

from clickhouse_connect.driver.client import Client

from tasks.alerts.alert import Trouble
from tasks.alerts.channel import Channel
from tasks.alerts.history import open_keys
from tasks.alerts.sending import fire, resolve
from tasks.errors import ZakazError, why_ended
from tasks.harmless import for_chat, json_line
from tasks.load import runs
from tasks.load.frames import select
from tasks.load.migrate import migrated
from tasks.load.runs import Run
from tasks.load.warehouse import warehouse
from tasks.quality.checks import Result, checks, record
from tasks.quality.looks import Interrupted, judge_all
from tasks.settings import Settings

logger = logging.getLogger("zakaz.flow")

_CHECK, _NOT_JUDGED = "check ", "checks not judged"
"""How alerts name what they are about: a broken check, and those that could not be judged."""
_HINDERED = "hindered"
"""In a run's metrics: the checks of severity `fail` that it could not judge though there are data."""


class ChecksBroken(ZakazError):
    """A check of severity `fail` is broken. `results` are those of all checks."""

    def __init__(self, results: list[Result]) -> None:
        super().__init__(summary(results))
        self.results = results


def judge_checks(settings: Settings, today: date, whole: bool = True) -> list[Result]:
    """All checks or, where not the `whole` history is to be read, those that do not need it."""
    results = judge_all(settings, [check for check in checks() if whole or not check.at_night], today)
    for result in results:
        if result.status == "broken":
            logger.log(
                logging.ERROR if result.fails else logging.WARNING, "%s: %s", result.check.title, result.message
            )
        elif result.hindered:
            logger.warning("%s: %s", result.check.title, result.message)
    return results


def run_checks(
    settings: Settings,
    day: date,
    run_id: str,
    *,
    channel: Channel | None,
    sends_alerts: bool = True,
    whole: bool = True,
    judge: Callable[[Settings, date, bool], list[Result]] = judge_checks,
) -> list[Result]:
    """The results of all checks, or of those that do not need the `whole` history, recorded; alerts of broken
    checks go to `channel`, unless somebody looks on, who sees them. Raises ZakazError where they could not be
    judged, Interrupted among them; not where one is broken."""
    run = Run("quality", run_id, datetime.now(UTC))
    with migrated(settings) as client:
        runs.begin(client, run, f"{day}: judging")
    try:
        results = judge(settings, day, whole)
    except Interrupted as lost:
        _record_what_is_known(settings, run, day, lost)
        raise
    except BaseException as error:
        _record_failure(settings, run, day, error)
        raise
    hindered_before = _record(settings, run, day, results)
    try:
        _send_alerts(settings, results, hindered_before, channel, sends_alerts)
    except ZakazError as error:
        logger.error("the checks are judged and recorded, but which alerts are open cannot be read: %s", error)
    return results


def refuse_broken(results: list[Result]) -> None:
    """Raises ChecksBroken where a check of severity `fail` is broken."""
    if any(result.fails for result in results):
        raise ChecksBroken(results)


def summary(results: list[Result]) -> str:
    """`41 checks: 1 failed, 2 warn, 3 could not be judged`, then the messages of the first failed and hindered
    ones."""
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
    """Record the run, and name the checks that could not be judged the last time, though they should have."""
    status = "failed" if any(result.fails for result in results) else "success"
    now = {result.check.name for result in _hindered(results)}
    with warehouse(settings) as client:
        before = _hindered_before(client)
        metrics = {"day": today, _HINDERED: sorted(now | _not_judged_now(before, results))}
        record(client, run, today, results)
        runs.end(client, run, status, len(results), summary(results), metrics)
    return before


def _hindered_before(client: Client) -> set[str]:
    """As the newest run knew that came to its end."""
    ended = select(
        client,
        "SELECT metrics FROM meta_job_runs FINAL WHERE job = 'quality' AND started_at > now() - INTERVAL 7 DAY "
        f"AND JSONHas(metrics, '{_HINDERED}') ORDER BY started_at DESC LIMIT 1",
    )
    return {name for metrics in ended["metrics"] for name in json.loads(metrics)[_HINDERED]}


def _not_judged_now(names: set[str], results: list[Result]) -> set[str]:
    """Those of the checks that this run left to the night."""
    return (names & {check.name for check in checks()}) - {result.check.name for result in results}


def _record_what_is_known(settings: Settings, run: Run, today: date, lost: Interrupted) -> None:
    """The warehouse may be back already; else one line says that nothing could be recorded."""
    try:
        with warehouse(settings) as client:
            record(client, run, today, lost.results)
            runs.end(client, run, "failed", len(lost.results), str(lost), {"day": today})
    except ZakazError as error:
        logger.error("the checks that were judged could not be recorded: %s", error)


def _record_failure(settings: Settings, run: Run, day: date, error: BaseException) -> None:
    why = why_ended(error)
    try:
        with warehouse(settings) as client:
            runs.end(client, run, "failed", 0, f"{day}: {why}", {"day": day})
    except ZakazError as second:
        logger.error("the failed run could not be recorded: %s", second)


def _send_alerts(
    settings: Settings, results: list[Result], hindered_before: set[str], channel: Channel | None, opens: bool
) -> None:
    """One message a broken check, where this run `opens` alerts, and one when it is resolved. A check that could
    not be judged, or is left to the night, leaves its alert open, since nobody knows whether it is resolved."""
    by_key = {f"{_CHECK}{r.check.name}": r for r in results}
    for key, r in by_key.items():
        if opens and r.status == "broken":
            about = f"{r.check.why}.\nSources: {', '.join(r.check.sources)}. See `zakaz quality`."
            title = f"{r.check.title} (check broken)"
            fire(settings, Trouble(key, title, r.message, for_chat(r.message), r.observed, about), channel)
    with warehouse(settings) as client:
        open_now = open_keys(client, _CHECK)
    there_are = {f"{_CHECK}{check.name}" for check in checks()}
    for key in open_now:
        if key in by_key:
            if by_key[key].status == "ok":
                resolve(settings, key, channel)
        elif key not in there_are:
            reason = "The check was removed or renamed, so this alert is closed without another look."
            resolve(settings, key, channel, reason)
    _send_alert_of_hindered(settings, results, hindered_before, channel, opens)


def _send_alert_of_hindered(
    settings: Settings, results: list[Result], before: set[str], channel: Channel | None, opens: bool
) -> None:
    """Once may be chance, a busy machine or a long load; twice in a row people must know."""
    now = _hindered(results)
    if not now and not _not_judged_now(before, results):
        resolve(settings, _NOT_JUDGED, channel)
    if opens and (twice := [r for r in now if r.check.name in before]):
        lines = "\n".join(f"{r.check.title}: {for_chat(r.message)}" for r in twice)
        essence = ", ".join(r.check.name for r in twice)
        checks_, it = ("check", "this holds") if len(twice) == 1 else ("checks", "these hold")
        title = f"{len(twice)} {checks_} could not be judged, twice in a row"
        about = f"Nobody knows whether {it}. See `zakaz quality`."
        fire(settings, Trouble(_NOT_JUDGED, title, essence, lines, len(twice), about), channel)
