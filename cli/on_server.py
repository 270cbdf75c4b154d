"""A command's work as a run on the Prefect server of PREFECT_API_URL: what it says, and how soon, where that server
dies, hangs or refuses.

The data and their record are in the warehouse; Prefect only shows them. So a load whose work is recorded is done,
with a warning, and a command does not wait long for a server that is gone. A run of a worker is not watched: there
nobody waits, and Prefect's many tries outlast a server that starts anew.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any, TypeVar

from cli import stopping
from cli.here import fire_unseen, resolve_done
from cli.terminal import complain, unless_done_in
from flows import outcomes
from flows.backfill import FLOWS, backfill
from flows.backup import backup
from flows.faults import Fault, fault_of
from flows.quality import quality
from flows.replay import replay
from flows.smoke import smoke
from ops.server.manifest import PREFECT_YAML
from ops.server.probes import server_probes
from tasks.alerts.alert import words_of
from tasks.alerts.channel import settings_channel
from tasks.errors import PrefectError
from tasks.ingest import Report
from tasks.load.backup import BackedUp
from tasks.quality.checks import Result
from tasks.quality.run import ChecksBroken
from tasks.settings import Settings
from tasks.smoke import Probe, SmokeFailed, probe_all, refuse_failures
from tasks.sources import left_out
from tasks.sources.accounts import Account
from tasks.translation import numbered
from tasks.window import Window

_PATIENCE = 20
"""Seconds that Prefect has for its own part once the work is recorded. On an idle machine it takes one."""
_SILENT_SECONDS = 8
"""So long a server that is well may take until the run begins."""
_SHOWN = "The Prefect UI may show this run as running, later as crashed."

logger = logging.getLogger("zakaz.flow")
T = TypeVar("T")


def load_account(account: Account, window: Window, refresh: bool) -> Report:
    given = {"date_from": window.first, "date_to": window.last, "refresh": refresh, "account": account.name}
    return _result_of(account.label, FLOWS[account.source.name], Report, **given)


def load_range(account: Account, first: date, last: date | None, refresh: bool) -> str:
    given = {"date_from": first, "date_to": last, "refresh": refresh, "account": account.name}
    return _result_of(account.label, backfill, str, source=account.source.name, **given)


def replay_rows(source: str, account: str | None, settings: Settings) -> str:
    return str(replay(None if source == "all" else source, account))


def judge(settings: Settings) -> list[Result]:
    try:
        results: object = quality()
    except ChecksBroken as broken:
        return broken.results
    assert isinstance(results, list)
    return results


def probe(settings: Settings, account: str | None) -> list[Probe]:
    """Of the Prefect server, too; of one that is lost one probe says so, and the others look all the same."""

    def say_that_it_waits() -> None:
        if not watch.has_run:
            logger.info("waiting for the Prefect server")

    # Prefect's client tries for a while, without a word.
    with outcomes.watched() as watch, unless_done_in(_SILENT_SECONDS, say_that_it_waits):
        try:
            probes = [*server_probes(PREFECT_YAML, left_out(settings)), *_smoked(account)]
        except Exception as error:
            fault = fault_of(error)
            if fault is None:
                raise
            stopping.lose_prefect()
            lost = Probe("Prefect: server", "failure", 0, fault.words, fault.remedy)
            probes = [lost, *probe_all(settings, settings_channel(settings), account)]
    refuse_failures(probes)
    return probes


def _smoked(account: str | None) -> list[Probe]:
    """By a run that the Prefect server shows, whether it failed or not."""
    try:
        probes: object = smoke(account)
    except SmokeFailed as failed:
        return failed.probes
    assert isinstance(probes, list)
    return probes


def back_up(settings: Settings, name: str | None) -> BackedUp:
    done: object = backup(name)
    assert isinstance(done, BackedUp)
    return done


def send_digest(settings: Settings) -> str:
    from flows.digest import digest  # noqa: PLC0415 - as in `here`

    return str(digest())


@contextmanager
def alerts_of(name: str, days: str = "") -> Iterator[None]:
    """The hooks of a flow send its alerts. What fails before there is a run, such as a missing token or a Prefect
    server that is down, is reported here, by the same name, e.g. `qtickets 30 days`. A run that is stopped is set
    to Crashed."""
    with outcomes.watched() as watch, stopping.on_stop(outcomes.crash_flow_runs):
        watch.alert = f"{name} {days}".strip()
        try:
            yield
        except Exception as error:
            # A lost server calls no hook.
            if not watch.has_run or isinstance(error, PrefectError):
                fire_unseen(watch.alert, message_of_fault(error) or words_of(error), name)
            raise
    resolve_done(watch.alert, name)


def _result_of(what: str, flow: Callable[..., object], kind: type[T], **given: object) -> T:
    """The flow's result, which is of this kind; the one that its work noted where only Prefect failed. Raises what
    the flow raises, and PrefectError. `what`, e.g. `qtickets`: for the message."""

    def say_that_it_waits() -> None:
        if not watch.has_run:
            logger.info("waiting for the Prefect server")

    # Prefect's client tries for a while, without a word.
    with outcomes.watched() as watch, unless_done_in(_SILENT_SECONDS, say_that_it_waits):
        try:
            result = stopping.run_interruptibly(lambda: flow(**given), lambda: watch.ended_ago() > _PATIENCE)
        except Exception as error:
            fault = fault_of(error)
            if fault is None:
                raise
            stopping.lose_prefect()
            result = _despite(what, fault, kind, watch.outcomes)
    assert isinstance(result, kind)
    return result


def _despite(what: str, fault: Fault, kind: type[T], noted: list[Any]) -> T:
    last = noted[-1] if noted else None
    if isinstance(last, kind):
        complain(f"{what}: loaded, and recorded in the warehouse. {fault.words} {_SHOWN}")
        return last
    if isinstance(last, Exception) and fault_of(last) is None:
        complain(f"{what}: {fault.words} {_SHOWN}")
        raise last from None
    if done := sum(not isinstance(outcome, BaseException) for outcome in noted):
        loaded = numbered(done, "window loaded", "windows loaded")
        raise PrefectError(f"{what}: {loaded}, the others not. {fault} Started again, the backfill goes on.")
    raise PrefectError(f"{what}: not loaded. {fault}")


def message_of_fault(error: BaseException) -> str | None:
    """One line for a fault of Prefect that no load is concerned with; None for another error."""
    fault = fault_of(error)
    if fault is None:
        return None
    stopping.lose_prefect()
    return str(fault)
