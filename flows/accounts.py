"""A flow of all accounts of a source: each a run of its own, side by side. One that fails stops no other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context

from prefect import runtime, tags
from prefect.client.schemas.objects import State

from flows.outcomes import completed, crash_flow_runs
from tasks.alerts.alert import words_of
from tasks.errors import ZakazError, why_stopped
from tasks.load.runs import end_under_way
from tasks.load.warehouse import warehouse
from tasks.settings import load_settings
from tasks.sources.accounts import AT_ONCE, Account
from tasks.translation import numbered

PART = "zakaz-part"
"""The tag of a run within another. By it the server's automations see one whose process is gone; the outer
run reports its end."""


class AccountsFailed(ZakazError):
    """`failed`: why, by account; `done`: the names of the others."""

    def __init__(self, failed: Mapping[str, str], done: list[str]) -> None:
        why = "; ".join(f"{name}: {words.rstrip('.')}" for name, words in failed.items())
        super().__init__(f"{why}. Loaded: {', '.join(done) or 'none'}")
        self.failed, self.done = failed, done


def run_each(accounts: list[Account], run: Callable[[str], object]) -> State[object]:
    """`run` each account by name. Raises AccountsFailed."""

    def one(name: str) -> object:
        try:
            return run(name)
        except Exception as error:  # noqa: BLE001 - reported with all others
            return error

    names = [account.name for account in accounts]
    pool = ThreadPoolExecutor(min(len(names), AT_ONCE))
    try:
        with tags(PART):
            running = {name: pool.submit(copy_context().run, one, name) for name in names}
        outcomes = {name: future.result() for name, future in running.items()}
    except BaseException as stop:
        _record_end(why_stopped(stop))
        raise
    finally:
        # Not waited for: after a signal they end with the process.
        pool.shutdown(wait=False)
    failed = {name: words_of(error) for name, error in outcomes.items() if isinstance(error, Exception)}
    done = [name for name in names if name not in failed]
    if failed:
        raise AccountsFailed(failed, done)
    return completed(f"{numbered(len(done), 'account')}: {', '.join(done)}", outcomes)


def _record_end(how: str) -> None:
    """Of the accounts' runs: a signal reaches this thread alone."""
    with suppress(Exception), warehouse(load_settings()) as client:
        end_under_way(client, how)
    crash_flow_runs(how, but=runtime.flow_run.id)
