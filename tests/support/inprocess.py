"""The product inside this process: a load, a backfill, a replay, without a Prefect server and on the test's clock.

The only module of the fault table and of the schedules that knows where things are in the product. Prefect's tasks
run as the plain functions that they are made of; what is cached of a fetch is kept here under the product's own key.
"""

from __future__ import annotations

import ssl
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cache
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest.mock import patch

import clickhouse_connect
import polars as pl
from prefect.tasks import Task
from tasks.sources.registry import SOURCES, Registered
from urllib3 import PoolManager

from flows.backfill import backfill
from flows.replay import replay
from tasks.errors import ZakazError
from tasks.ingest import Report, ingest
from tasks.load.frames import select
from tasks.load.warehouse import warehouse
from tasks.settings import Settings
from tasks.window import Window

_REAL = datetime
_PACKAGES = ("flows.", "tasks.", "validation.")
_RUN = threading.local()
"""Of the thread: `run_id` of the run that it carries, `on_statement`, which sees each request to ClickHouse."""


class Clock:
    """The product's now. It stands still until it is moved."""

    def __init__(self, now: datetime) -> None:
        self.now = now.astimezone(UTC)

    def move(self, **by: float) -> datetime:
        self.now += timedelta(**by)
        return self.now


class Killed(BaseException):
    """The stand-in of kill -9: from then on the run reaches ClickHouse no more, so that nothing is tidied up."""


@dataclass(frozen=True)
class Outcome:
    """`status`: success, failed (a ZakazError, whose text is the message), killed, or crashed (anything else)."""

    status: str
    message: str
    window: Window | None = None
    rejected: int = 0


@dataclass
class Product:
    """One warehouse and its settings. Use it inside `in_process(clock)`."""

    settings: Settings
    cached: dict[str, Any] = field(default_factory=dict)

    def load(
        self,
        source: str,
        first: date,
        last: date,
        *,
        run_id: str | None = None,
        on_statement: Callable[[str], None] | None = None,
    ) -> Outcome:
        """One load. The same `run_id` again is the same run resumed. `on_statement` gets "before" and "after"."""
        run_id = run_id or str(uuid.uuid4())
        window = Window(first=first, last=last)
        return self._carry(run_id, on_statement, lambda: self._ingest(source, window, run_id))

    def backfill(self, source: str, first: date, last: date) -> Outcome:
        registered = SOURCES[source]

        def one(date_from: date, date_to: date, refresh: bool) -> Report:
            # A run of its own within the backfill's, as a sub-flow is.
            outer, _RUN.run_id = _RUN.run_id, str(uuid.uuid4())
            try:
                window = Window(first=date_from, last=date_to)
                return ingest(registered.source, self.settings, window, _RUN.run_id, refresh)
            finally:
                _RUN.run_id = outer

        inner = Registered(registered.source, one)  # type: ignore[arg-type]
        with patch("flows.backfill.registered_source", lambda _name: inner):
            return self._carry(str(uuid.uuid4()), None, lambda: backfill.fn(source, first, last))

    def replay(self, source: str) -> Outcome:
        return self._carry(str(uuid.uuid4()), None, lambda: replay.fn(source))

    def select(self, sql: str) -> pl.DataFrame:
        with warehouse(self.settings) as client:
            return select(client, sql)

    def command(self, *statements: str) -> None:
        with warehouse(self.settings) as client:
            for sql in statements:
                client.command(sql)

    def _ingest(self, source: str, window: Window, run_id: str) -> Report:
        return ingest(SOURCES[source].source, self.settings, window, run_id)

    @contextmanager
    def as_run(self, run_id: str, on_statement: Callable[[str], None] | None = None) -> Iterator[None]:
        """Within the block this thread is a run of the product."""
        _RUN.run_id, _RUN.product, _RUN.on_statement = run_id, self, on_statement
        try:
            yield
        finally:
            _RUN.product = _RUN.on_statement = None

    def _carry(self, run_id: str, on_statement: Callable[[str], None] | None, work: Callable[[], Any]) -> Outcome:
        try:
            with self.as_run(run_id, on_statement):
                done = work()
        except ZakazError as error:
            return Outcome("failed", str(error))
        except Killed:
            return Outcome("killed", "")
        except Exception as error:  # noqa: BLE001
            return Outcome("crashed", f"{type(error).__name__}: {str(error)[:200]}")
        if isinstance(done, Report):
            return Outcome("success", done.message, done.window, done.rejected)
        return Outcome("success", str(getattr(done, "message", done)))


@contextmanager
def in_process(clock: Clock) -> Iterator[None]:
    """Within the block the product runs here: plain functions, the clock, one connection a thread."""
    with ExitStack() as stack:
        # Beneath whatever the driver is made of: nobody else here uses urllib3.
        stack.enter_context(patch.object(PoolManager, "urlopen", _watched(PoolManager.urlopen)))
        # Each HTTP client reads all certificates anew, a tenth of a second, for addresses that need none.
        stack.enter_context(patch.object(ssl, "create_default_context", cache(ssl.create_default_context)))
        connect = _reused(clickhouse_connect.get_client, stack)
        stack.enter_context(patch.object(clickhouse_connect, "get_client", connect))
        for module in list(sys.modules.values()):
            if module.__name__.startswith(_PACKAGES):
                _enter(stack, module, clock)
        yield


def _enter(stack: ExitStack, module: ModuleType, clock: Clock) -> None:
    for name, value in list(vars(module).items()):
        stand_in: Any = None
        if isinstance(value, Task):
            stand_in = value.fn if value.cache_key_fn is None else _Cached(value)
        elif value is _REAL:
            stand_in = _datetime_of(clock)
        elif name == "load_settings":
            stand_in = lambda: _RUN.product.settings  # noqa: E731
        elif callable(value) and getattr(value, "__module__", "") == "prefect.artifacts":
            stand_in = lambda *_a, **_k: uuid.uuid4()  # noqa: E731
        if stand_in is not None:
            stack.enter_context(patch.object(module, name, stand_in))


class _Cached:
    """A cached task without Prefect: the same key finds the same result again."""

    def __init__(self, task: Task[Any, Any], refresh: bool = False) -> None:
        self._task, self._refresh = task, refresh

    def with_options(self, *, refresh_cache: bool = False, **_: object) -> _Cached:
        return _Cached(self._task, bool(refresh_cache))

    def __call__(self, *values: object) -> Any:
        names = self._task.fn.__code__.co_varnames
        context: Any = SimpleNamespace(task_run=SimpleNamespace(flow_run_id=_RUN.run_id))
        assert self._task.cache_key_fn
        key = str(self._task.cache_key_fn(context, dict(zip(names, values, strict=False))))
        cached = _RUN.product.cached
        if self._refresh or key not in cached:
            cached[key] = self._task.fn(*values)
        return cached[key]


def _datetime_of(clock: Clock) -> type[datetime]:
    class Meta(type):
        def __instancecheck__(cls, value: object) -> bool:
            return isinstance(value, _REAL)

    class Fake(_REAL, metaclass=Meta):
        """`datetime` on the test's clock; what it makes are real ones."""

        def __new__(cls, *values: Any, **named: Any) -> Any:
            return _REAL(*values, **named)

        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Any:
            return clock.now.astimezone(tz)

    return Fake


def _watched(send: Callable[..., Any]) -> Callable[..., Any]:
    def watched(*values: Any, **named: Any) -> Any:
        hook = getattr(_RUN, "on_statement", None)
        if hook is None:
            return send(*values, **named)
        hook("before")
        reply = send(*values, **named)
        hook("after")
        return reply

    return watched


def _reused(connect: Callable[..., Any], stack: ExitStack) -> Callable[..., Any]:
    """A load asks for some twenty clients; all of a thread are one here, which is most of a small load's time."""
    held = threading.local()

    def reused(**options: Any) -> Any:
        hook, _RUN.on_statement = getattr(_RUN, "on_statement", None), None
        try:
            clients = held.__dict__.setdefault("clients", {})
            key = repr(sorted(options.items()))
            if key not in clients:
                client = connect(**options)
                stack.callback(client.close)
                client.close = lambda: None
                clients[key] = client, client.database
            client, database = clients[key]
            client.database = database
            return client
        finally:
            _RUN.on_statement = hook

    return reused
