"""A run of all checks: judge, record, send alerts, sum up."""

from __future__ import annotations

import difflib
import json
import logging
from collections.abc import Callable
from datetime import UTC, date, datetime

from clickhouse_connect.driver.client import Client

from tasks.alerts.alert import Trouble
from tasks.alerts.channel import Channel
from tasks.alerts.history import open_keys
from tasks.alerts.sending import fire, resolve
from tasks.errors import UsageError, ZakazError, why_ended
from tasks.harmless import for_chat, json_line
from tasks.load import runs
from tasks.load.frames import select
from tasks.load.memory import remember_attributes
from tasks.load.migrate import migrated
from tasks.load.runs import Run
from tasks.load.warehouse import kept_open, let_go, warehouse
from tasks.quality.checks import Check, Result, checks, record
from tasks.quality.findings import Kept, accept, is_newest_day, known_findings, not_mended, reopen, settle
from tasks.quality.incidents import PREFIX, incidents, key_of, why_closed
from tasks.quality.looks import Interrupted, judge_all, set_up
from tasks.quality.words import shown
from tasks.settings import Settings
from tasks.translation import RECORD, counted, marked, said
from tasks.window import moscow_today

logger = logging.getLogger("zakaz.flow")

_NOT_JUDGED = "checks not judged"
"""The alert of checks that could not be judged; others are of an account's data."""
_HINDERED = "hindered"
"""In a run's metrics: the checks of severity `fail` that it could not judge though there are data."""


_COUNTS = marked("{n} failed", "{n} warn", "{n} could not be judged")


class ChecksBroken(ZakazError):
    """A check of severity `fail` is broken. `results` are those of all checks."""

    def __init__(self, results: list[Result]) -> None:
        super().__init__(summary(results))
        self.results = results

    def told(self, language: str) -> str:
        return summary(self.results, language)


def judge_checks(settings: Settings, today: date, whole: bool = True) -> list[Result]:
    """All checks or, where not the `whole` history is to be read, those that do not need it."""
    return judge_all(settings, [check for check in checks() if whole or not check.at_night], today)


def judge_and_log(settings: Settings, today: date, whole: bool = True) -> list[Result]:
    """The same, with what is wrong in the run's log; a terminal shows the results themselves."""
    results = judge_checks(settings, today, whole)
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
    with kept_open(settings):
        with migrated(settings) as client:
            runs.begin(client, run, f"{day}: {said('being judged', RECORD)}")
        try:
            results = judge(settings, day, whole)
        except BaseException as error:
            let_go(settings)  # It may have been interrupted in the middle of a statement.
            if isinstance(error, Interrupted):
                _record_what_is_known(settings, run, day, error)
            else:
                _record_failure(settings, run, day, error)
            raise
        hindered_before, kept = _record(settings, run, day, results)
        try:
            if kept is not None:
                _send_alerts(settings, kept, channel, sends_alerts)
            _send_alert_of_hindered(settings, results, hindered_before, channel, sends_alerts)
        except ZakazError as error:
            logger.error("the checks are judged and recorded, but which alerts are open cannot be read: %s", error)
    return results


def accept_findings(
    settings: Settings, check: str, key: str, until: date, why: str, channel: Channel | None
) -> str:
    """Accept what a check has found, as `findings.accept` says, and close the alert where nothing else is open;
    what was done, in a line. Raises UsageError."""
    judged_by = _named(check)
    if until < moscow_today():
        raise UsageError(f"{until} is past: a finding is accepted up to and with a day to come.")
    if not why.strip():
        raise UsageError("Say why it is accepted: whoever sees it next wants to know.")
    language, now = settings.zakaz_language, datetime.now(UTC)
    with migrated(settings) as client:
        found = accept(client, judged_by, key, until, why, now)
        left = {key_of(one.source, one.account) for one in not_mended(client) if one.status == "open"}
    reason = said("Accepted until {until}: {why}", language, until=shown(until, language, 0), why=why)
    over = {key_of(one.source, one.account) for one in found} - left
    resolve(settings, over, channel, f"{reason.rstrip('.')}.")
    return counted(
        "{n} finding of {check} is accepted until {day}",
        "{n} findings of {check} are accepted until {day}",
        len(found),
        language,
        check=check,
        day=shown(until, language),
    )


def reopen_findings(settings: Settings, check: str, key: str) -> str:
    """Take back what `accept_findings` did; what was done, in a line. The next run of checks sends the message.
    Raises UsageError."""
    judged_by = _named(check)
    with migrated(settings) as client:
        found = reopen(client, judged_by, key, moscow_today(), datetime.now(UTC))
    return counted(
        "{n} finding of {check} is open again",
        "{n} findings of {check} are open again",
        len(found),
        settings.zakaz_language,
        check=check,
    )


def _named(check: str) -> Check:
    named = {one.name: one for one in checks()}
    if check not in named:
        near = difflib.get_close_matches(check, named, n=1, cutoff=0.4)
        hint = f"Did you mean {near[0]}?" if near else "`zakaz quality findings` says what to type."
        raise UsageError(f"There is no check {check}. {hint}")
    return named[check]


def refuse_broken(results: list[Result]) -> None:
    """Raises ChecksBroken where a check of severity `fail` is broken."""
    if any(result.fails for result in results):
        raise ChecksBroken(results)


def summary(results: list[Result], language: str = "en") -> str:
    """`counts`, then the messages of the first failed and hindered ones."""
    named = [*[result for result in results if result.fails][:3], *_hindered(results)[:3]]
    return counts(results, language) + "".join(f"; {r.check.name}: {r.said(language)}" for r in named)


def counts(results: list[Result], language: str = "en") -> str:
    """`41 checks: 1 failed, 2 warn, 3 could not be judged`."""
    failed = [result for result in results if result.fails]
    numbers = (
        len(failed),
        sum(result.warns for result in results),
        sum(result.status == "unjudged" for result in results),
    )
    words = [counted(what, what, n, language) for what, n in zip(_COUNTS, numbers, strict=True) if n]
    told = counted("{n} check", "{n} checks", len(results), language)
    return f"{told}: {', '.join(words) or said('all well', language)}"


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
            "findings": [one.key for one in r.findings],
        }
        for r in results
    ]
    status = "failed" if any(r.fails for r in results) else "warn" if any(r.warns for r in results) else "ok"
    return json_line({"status": status, "checks": found})


def _record(settings: Settings, run: Run, today: date, results: list[Result]) -> tuple[set[str], list[Kept] | None]:
    """Record the run. Names the checks that could not be judged the last time, though they should have; and gives
    the findings, None where the run looked back to an earlier day."""
    status = "failed" if any(result.fails for result in results) else "success"
    now = {result.check.name for result in _hindered(results)}
    with warehouse(settings) as client:
        before = _hindered_before(client)
        metrics = {"day": today, _HINDERED: sorted(now | _not_judged_now(before, results))}
        # What checks found has its words in files of SQL, so that nobody can retell it later.
        metrics[runs.TOLD] = {settings.zakaz_language: summary(results, settings.zakaz_language)}
        kept = None
        if is_newest_day(client, today):
            known = known_findings(client, today)
            kept = settle(client, run, datetime.now(UTC), results, checks(), set_up(client, settings), known)
            # After the checks have compared them: tomorrow's compare with what is now.
            remember_attributes(client, today)
        record(client, run, today, results)
        runs.end(client, run, status, len(results), summary(results), metrics)
    return before, kept


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


def _send_alerts(settings: Settings, kept: list[Kept], channel: Channel | None, opens: bool) -> None:
    """One message an account with open findings, where this run `opens` alerts, and one when none is left."""
    language = settings.zakaz_language
    troubles = {trouble.key: trouble for trouble in incidents(kept, checks(), language)}
    if opens:
        for trouble in troubles.values():
            fire(settings, trouble, channel)
    with warehouse(settings) as client:
        over = [key for key in open_keys(client, PREFIX) if key not in troubles]
    for key in over:
        left = {one.status for one in kept if key_of(one.source, one.account) == key}
        resolve(settings, key, channel, why_closed(left, language))


def _send_alert_of_hindered(
    settings: Settings, results: list[Result], before: set[str], channel: Channel | None, opens: bool
) -> None:
    """Once may be chance, a busy machine or a long load; twice in a row people must know."""
    now = _hindered(results)
    if not now and not _not_judged_now(before, results):
        resolve(settings, _NOT_JUDGED, channel)
    if opens and (twice := [r for r in now if r.check.name in before]):
        language, essence = settings.zakaz_language, ", ".join(r.check.name for r in twice)
        lines = "\n".join(f"{r.check.titled(language)}: {for_chat(r.said(language))}" for r in twice)
        title = counted(
            "{n} check could not be judged, twice in a row",
            "{n} checks could not be judged, twice in a row",
            len(twice),
            language,
        )
        about = said(
            "Whether all is well there nobody knows. For whoever runs Zakaz: zakaz quality says why.", language
        )
        fire(settings, Trouble(_NOT_JUDGED, title, essence, lines, len(twice), about), channel)
