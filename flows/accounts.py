"""A flow of all accounts of a source: each a run of its own, side by side. One that fails stops no other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

from prefect.client.schemas.objects import State
from prefect.states import Completed

from tasks.alerts.alert import words_of
from tasks.errors import ZakazError
from tasks.sources.accounts import Account


class AccountsFailed(ZakazError):
    """`failed`: why, by account; `done`: the names of the others."""

    def __init__(self, failed: Mapping[str, str], done: list[str]) -> None:
        others = f". Loaded: {', '.join(done)}" if done else ""
        super().__init__("; ".join(f"{name}: {why}" for name, why in failed.items()) + others)
        self.failed, self.done = failed, done


def run_each(accounts: list[Account], run: Callable[[str], object]) -> State[object]:
    """`run` each account by name. Raises AccountsFailed."""

    def one(name: str) -> object:
        try:
            return run(name)
        except Exception as error:  # noqa: BLE001 - told with all others
            return error

    names = [account.name for account in accounts]
    with ThreadPoolExecutor(len(names)) as pool:
        running = {name: pool.submit(copy_context().run, one, name) for name in names}
    outcomes = {name: future.result() for name, future in running.items()}
    failed = {name: words_of(error) for name, error in outcomes.items() if isinstance(error, Exception)}
    done = [name for name in names if name not in failed]
    if failed:
        raise AccountsFailed(failed, done)
    return Completed(message=f"{len(done)} accounts: {', '.join(done)}", data=outcomes)
