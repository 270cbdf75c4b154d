"""All checks judged, also beside a running load: what is broken while one runs is looked at again.

For some seconds of a load a table and what is made of it differ, and a superseded row lies beside its successor
until they are merged. So a check that is broken while a load runs is judged a second time when that load has ended,
and a third time where another one runs by then. A row that breaks the check at two looks, with the same values, is
real: no load is at work on it, though one goes on, or was killed and still says so.

What a check is and how one is judged is in `checks.py`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from clickhouse_connect.driver.client import Client

from tasks.errors import UsageError, WarehouseError
from tasks.load.frames import select
from tasks.load.migrate import migrated
from tasks.load.warehouse import lent, warehouse
from tasks.quality.checks import Check, Result, among, hindered, judge
from tasks.quality.findings import known_findings
from tasks.settings import Settings
from tasks.sources import SOURCES, in_use
from tasks.sources.accounts import accounts_of

logger = logging.getLogger("zakaz.flow")

LOOKS = 3
_RUNNING_HOURS = 24
"""A run that says `running` for longer is not waited for; `runs_stuck` names it."""


class Interrupted(WarehouseError):
    """The warehouse was lost on the way. `results` are those of the checks that were judged before."""

    def __init__(self, message: str, results: list[Result]) -> None:
        super().__init__(message)
        self.results = results


@dataclass(frozen=True)
class Patience:
    """How long to wait for a load before its checks are looked at again. `pause` sleeps, `clock` tells seconds."""

    seconds: float
    every: float = 3
    pause: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic


@dataclass(frozen=True)
class Loads:
    """The loads at one moment as (job, run, start): those `running`, and all that have `begun` lately."""

    running: frozenset[tuple[str, ...]] = frozenset()
    begun: frozenset[tuple[str, ...]] = frozenset()

    @property
    def jobs(self) -> str:
        return ", ".join(sorted({job for job, *_ in self.running})) or "a load"

    def disturbed(self, later: Loads) -> bool:
        """Whether a load ran at some time between the two moments."""
        return bool(self.running or later.running or later.begun - self.begun)


def judge_all(
    settings: Settings, checks: Sequence[Check], today: date, patience: Patience | None = None
) -> list[Result]:
    """The result of each check, in their order. Between two looks the warehouse is lent to others: the embedded one
    lets one process in, and a load that waits for it does not end.

    Raises Interrupted where the warehouse is lost on the way, WarehouseError where it cannot be reached at all.
    """
    patience = patience or Patience(settings.quality_wait)
    results: dict[str, Result] = {}
    doubtful: dict[str, Result] = {}
    asked, loads = list(checks), Loads()
    try:
        for number in range(LOOKS):
            if number:
                _wait(settings, loads, patience, len(asked))
            with (warehouse if number else migrated)(settings) as client:
                loads = running_loads(client)
                loads, doubtful = _look(client, settings, asked, today, results, loads, doubtful)
            asked = [check for check in asked if check.name in doubtful]
            if not asked:
                break
    except WarehouseError as error:
        if not results:
            raise
        # What was broken beside a load, and could not be looked at again, is not known.
        doubt = set(results) if loads.running else set(doubtful)
        known = [r for r in results.values() if r.status != "broken" or r.check.name not in doubt]
        raise Interrupted(f"{len(known)} of {len(checks)} checks were judged, then: {error}", known) from error
    for check in asked:
        results[check.name] = hindered(check, f"{loads.jobs} changed the rows in question at each of {LOOKS} looks")
    return [results[check.name] for check in checks]


def running_loads(client: Client) -> Loads:
    found = select(
        client,
        "SELECT toString(job), run_id, toString(started_at), status = 'running' AS is_running "
        "FROM meta_job_runs FINAL "
        f"WHERE endsWith(job, '_loader') AND started_at > now() - INTERVAL {_RUNNING_HOURS} HOUR",
    )
    begun = found.drop("is_running").rows()
    return Loads(frozenset(found.filter(is_running=1).drop("is_running").rows()), frozenset(begun))


def set_up(client: Client, settings: Settings) -> list[tuple[str, str]]:
    """The accounts that are set up, as (source, account). Where settings cannot be read, those of the source that
    were loaded are taken for set up, too: rather an alarm too many than an account that nobody looks at."""
    loaded = select(client, "SELECT toString(source), toString(account) FROM meta_accounts FINAL").rows()
    try:
        sources = in_use(settings)
    except UsageError:
        sources = SOURCES
    found = set()
    for source in sources.values():
        try:
            accounts = accounts_of(source, settings)
        except UsageError:
            accounts = []
        found |= {(source.name, account.name) for account in accounts}
        if not accounts or any(account.fault for account in accounts):
            found |= {(name, account) for name, account in loaded if name == source.name}
    return sorted(found)


def _look(
    client: Client,
    settings: Settings,
    asked: Iterable[Check],
    today: date,
    results: dict[str, Result],
    before: Loads,
    doubtful: Mapping[str, Result],
) -> tuple[Loads, dict[str, Result]]:
    """Put the results of `asked` into `results`. Gives the loads at the end of the look, and the results that are
    broken beside a load. `doubtful`: those of the look before."""
    accounts, parameters = set_up(client, settings), settings.quality_parameters
    known = known_findings(client, today)
    for check in asked:
        results[check.name] = judge(client, check, today, accounts, parameters.get(check.name, {}), known)
    after = running_loads(client)
    if not before.disturbed(after):
        return after, {}
    left: dict[str, Result] = {}
    for name, found in ((check.name, results[check.name]) for check in asked):
        if found.status != "broken":
            continue
        stayed = among(found, doubtful[name].findings, known) if name in doubtful else None
        if stayed and stayed.status == "broken":
            results[name] = stayed
        else:
            left[name] = found
    return after, left


def _wait(settings: Settings, loads: Loads, patience: Patience, checks: int) -> None:
    """Until none of these loads is running, or for as long as patience lasts."""
    logger.info(
        "%d checks are broken beside %s: looking again once it is done, in %g seconds at the latest",
        checks,
        loads.jobs,
        patience.seconds,
    )
    running, deadline = loads.running, patience.clock() + patience.seconds
    while running and (left := deadline - patience.clock()) > 0:
        with lent(settings):
            patience.pause(min(patience.every, left))
        try:
            with warehouse(settings) as client:
                running &= running_loads(client).running
        except WarehouseError:
            # The load holds the embedded warehouse; one that is lost is noticed at the next look.
            continue
