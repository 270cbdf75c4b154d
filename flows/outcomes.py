"""The outcome of the work of one command, noted by the work itself: a command whose Prefect server is lost knows
what was done, and one that is stopped knows which flow runs to end."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import wraps
from typing import ParamSpec
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun, State
from prefect.states import Completed, Crashed, Failed

from tasks.errors import ZakazError
from tasks.harmless import for_terminal
from tasks.settings import language
from tasks.translation import RECORD, retold, said

P = ParamSpec("P")

_flow_runs: set[UUID] = set()
"""Of this process."""


def note_flow_run(_flow: object, flow_run: FlowRun, _state: object) -> None:
    """A hook for on_running: the Prefect server is to know of the end of this run."""
    _flow_runs.add(flow_run.id)
    if watch := current.get():
        watch.has_run = True


def crash_flow_runs(how: str, but: str | None = None) -> None:
    """Tell the Prefect server that the runs of this process, `but` one, end now, e.g. `stopped by SIGTERM`."""
    with suppress(Exception), get_client(sync_client=True) as client:
        for flow_run_id in [one for one in _flow_runs if str(one) != but]:
            state = client.read_flow_run(flow_run_id).state
            if state is None or not state.is_final():
                client.set_flow_run_state(
                    flow_run_id,
                    Crashed(message=retold(said("The run was {how}.", RECORD, how=how), language())),
                    force=True,
                )


def completed(message: str, data: object, name: str | None = None) -> State[object]:
    """The state of a run that went well, in the reader's language."""
    return Completed(name=name, message=for_terminal(retold(message, language())), data=data)


def in_words(work: Callable[P, State[object]]) -> Callable[P, State[object]]:
    """Of a flow: its state says what our error says. Raised, Prefect would put the name of a class before it."""

    @wraps(work)
    def run(*args: P.args, **kwargs: P.kwargs) -> State[object]:
        try:
            return work(*args, **kwargs)
        except ZakazError as error:
            return Failed(message=for_terminal(error.told(language())), data=error)

    # Prefect looks up the names of types where the function is that it is given.
    run.__signature__ = inspect.signature(work, eval_str=True)  # type: ignore[attr-defined]
    return run


class Watch:
    """Of one command. `alert`: by what name its failure is reported."""

    def __init__(self) -> None:
        self.alert = ""
        self.outcomes: list[object] = []
        self.has_run = False
        self._ended: float | None = None

    def begin(self) -> None:
        self._ended = None

    def end(self, outcome: object) -> None:
        self.outcomes.append(outcome)
        self._ended = time.monotonic()

    def ended_ago(self) -> float:
        """Seconds since the work was recorded; 0 where it was not."""
        return time.monotonic() - self._ended if self._ended is not None else 0


current: ContextVar[Watch | None] = ContextVar("watch", default=None)


@contextmanager
def watched() -> Iterator[Watch]:
    """Around the work of a command: its watch, also where one is set already."""
    if watch := current.get():
        yield watch
        return
    watch = Watch()
    token = current.set(watch)
    try:
        yield watch
    finally:
        current.reset(token)


def note(outcome: object) -> None:
    """What a command is to give back where only Prefect fails from now on."""
    if watch := current.get():
        watch.end(outcome)


@contextmanager
def noted() -> Iterator[Callable[[object], None]]:
    """Around work that is recorded in the warehouse. Gives what to call with its result, once that is recorded."""
    with watched() as watch:
        watch.begin()
        try:
            yield watch.end
        except BaseException as error:
            watch.end(error)
            raise
