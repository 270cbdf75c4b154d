"""What some commands do: in this process or, where PREFECT_API_URL is set, as a run on that Prefect server."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from contextvars import copy_context
from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING, Protocol

from cli import stopping
from cli.server_address import server_address
from cli.terminal import complain, print_answers, print_checks, print_probes, say, typed, working
from tasks.errors import ZakazError
from tasks.harmless import json_line
from tasks.ingest import Report
from tasks.load.warehouse import kept_open
from tasks.settings import Settings, language, load_settings
from tasks.sources.accounts import AT_ONCE, Account, wanted
from tasks.sources.accounts import label as label_of
from tasks.sources.windows import backfill_window, label, requested_window
from tasks.translation import said
from tasks.window import Window, moscow_today

if TYPE_CHECKING:  # Checks, probes and backups bring much that a load does not need.
    from tasks.load.backup import BackedUp
    from tasks.quality.checks import Result
    from tasks.smoke import Probe


class Place(Protocol):
    """Where work is done: the modules `here` and `on_server`."""

    def load_account(self, account: Account, window: Window, refresh: bool) -> Report: ...
    def load_range(self, account: Account, first: date, last: date | None, refresh: bool) -> str: ...
    def replay_rows(self, source: str, account: str | None, settings: Settings) -> str: ...
    def judge(self, settings: Settings) -> list[Result]: ...
    def probe(self, settings: Settings, account: str | None) -> list[Probe]: ...
    def back_up(self, settings: Settings, name: str | None) -> BackedUp: ...
    def send_digest(self, settings: Settings) -> str: ...
    def alerts_of(self, name: str, days: str = "") -> AbstractContextManager[None]: ...


@dataclass(frozen=True)
class Request:
    """What to load: one window for every account, or, with all of it None, each source's own trailing one."""

    days: int | None = None
    first: date | None = None
    last: date | None = None
    refresh: bool = False

    @property
    def words(self) -> str:
        """E.g. `30 days`: an alert of one window is not resolved by a load of another."""
        return label("", self.days, self.first, self.last).strip()


def place() -> Place:
    """Prefect takes seconds to import: only where it is used."""
    if server_address():
        from cli import on_server  # noqa: PLC0415

        return on_server
    from cli import here  # noqa: PLC0415

    return here


def load_sources(name: str, account: str | None, request: Request) -> int:
    """Print a line an account and give the exit status; `name`: a source, or all. One account that fails does not
    stop the others.

    Raises UsageError for an unknown source or account, and for a single account whatever its load raises.
    """
    return _told(side_by_side(name, account, lambda one: load_one(one, request)))


def run_backfill(name: str, account: str | None, first: date, last: date | None, refresh: bool) -> int:
    """Likewise for a long range; started again, it goes on from there."""

    def one(account: Account) -> str:
        where = place()
        with kept_open(account.settings), where.alerts_of(f"backfill {account.label}"):
            whole = backfill_window(account.source, first, last)
            account.check()
            return f"{account.label} {where.load_range(account, whole.first, whole.last, refresh)}"

    with stopping.on_stop(
        lambda _how: complain("what is loaded stays; started again, the backfill goes on from there.")
    ):
        return _told(side_by_side(name, account, one))


def load_all(request: Request) -> dict[str, object]:
    """Every account in use; what each gave or raised, by label."""
    return side_by_side("all", None, lambda account: load_one(account, request))


def load_one(account: Account, request: Request) -> Report:
    where = place()
    # Also for the end of an alert: the embedded engine takes its time to start.
    with kept_open(account.settings), where.alerts_of(account.label, request.words):
        # Before there is a run: a missing token or a bad date is a matter for this terminal, not for the history.
        window = requested_window(account.source, request.days, request.first, request.last)
        account.check()
        return where.load_account(account, window, request.refresh)


def side_by_side(name: str, account: str | None, work: Callable[[Account], object]) -> dict[str, object]:
    """What `work` gave or raised for each account, by label: each in a thread of its own. Raises what it raises for
    a single one."""
    from cli.here import alerts_of_accounts  # noqa: PLC0415 - also of a load on a server: there is no run yet

    with alerts_of_accounts(name):
        accounts = wanted(name, account, load_settings())
    if len(accounts) == 1:
        return {accounts[0].label: work(accounts[0])}

    def one(account: Account) -> object:
        try:
            return work(account)
        except Exception as error:  # noqa: BLE001 - raised, or told, by who asked
            return error

    with ThreadPoolExecutor(min(len(accounts), AT_ONCE)) as pool:
        running = {account.label: pool.submit(copy_context().run, one, account) for account in accounts}
    return {name: future.result() for name, future in running.items()}


def _told(outcomes: dict[str, object]) -> int:
    """The exit status, after a line for each."""
    for name, outcome in outcomes.items():
        if isinstance(outcome, ZakazError):
            of = f"{name} {outcome.window}".strip()
            complain(f"{of}: {str(outcome).removeprefix(f'{name}: ')}")
        elif not isinstance(outcome, Exception):
            say(line_of(outcome) if isinstance(outcome, Report) else str(outcome))
    # What no account can help, such as a Prefect server that is down.
    for outcome in outcomes.values():
        if isinstance(outcome, Exception) and not isinstance(outcome, ZakazError):
            raise outcome
    failed = [outcome.exit_status for outcome in outcomes.values() if isinstance(outcome, ZakazError)]
    return min(failed, default=0)


def judge() -> list[Result]:
    """Every check's result."""
    where = place()
    with where.alerts_of("quality"):
        return where.judge(load_settings())


def run_quality(as_json: bool) -> int:
    """Print every check and give the exit status: 1 where one of severity `fail` is broken."""
    from tasks.quality.run import as_json as results_as_json  # noqa: PLC0415
    from tasks.quality.run import counts  # noqa: PLC0415

    with working("Judging the data"):
        results = judge()
    if as_json:
        print(results_as_json(results))
    else:
        print_checks(results)
        _print_yesterday(results)
        say(counts(results, language()))
        if any(result.fails or result.warns for result in results):
            say(said("What to do: {command}", language(), command=typed("zakaz quality findings")))
    return int(any(result.fails for result in results))


def _print_yesterday(results: list[Result]) -> None:
    """Whether it is complete. Where the warehouse does not answer any more the checks are told all the same."""
    from tasks.quality.complete import answers, question  # noqa: PLC0415

    settings, today = load_settings(), moscow_today()
    try:
        told = answers(settings, results, today)
    except ZakazError as error:
        complain(str(error))
        return
    print_answers(told, question(today, settings.zakaz_language), settings.zakaz_language)


def run_smoke(verbose: bool, as_json: bool, account: str | None = None) -> int:
    """Print what needs attention (with `verbose`, everything) and give the exit status: 1 for a failure."""
    from tasks.smoke import SmokeFailed, summary  # noqa: PLC0415

    where = place()
    try:
        with working("Asking all that a load needs"), where.alerts_of(label_of("smoke", account)):
            probes = where.probe(load_settings(), account)
    except SmokeFailed as failed:
        probes = failed.probes
    if as_json:
        print("\n".join(json_line(asdict(probe)) for probe in probes))
    else:
        print_probes([p for p in probes if verbose or p.status != "ok"], summary(probes, language()))
    return int(any(probe.status == "failure" for probe in probes))


def run_replay(source: str | None, account: str | None) -> str:
    where = place()
    with where.alerts_of(label_of(f"replay {source or ''}".strip(), account)):
        return where.replay_rows(source or "all", account, load_settings())


def run_backup(name: str | None) -> str:
    where = place()
    with working("Backing up"), where.alerts_of("backup"):
        return str(where.back_up(load_settings(), name))


def run_digest() -> str:
    where = place()
    with working("Judging the data and looking at yesterday"), where.alerts_of("digest"):
        return where.send_digest(load_settings())


def line_of(report: Report) -> str:
    return f"{label_of(report.source, report.account)} {report.message}"
