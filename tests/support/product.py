"""The product inside this process: a load, a backfill, a replay, the plain path on the test's clock.

The only module of the fault table and of the schedules that knows where things are in the product.
"""

import os
import re
import shutil
import ssl
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from unittest.mock import patch

import clickhouse_connect
import polars as pl
from urllib3 import PoolManager

from tasks.backfill import backfill
from tasks.errors import ZakazError
from tasks.ingest import Report, ingest
from tasks.load import alive, mart, migrate
from tasks.load.frames import select
from tasks.load.warehouse import warehouse
from tasks.replay import replay
from tasks.settings import Settings
from tasks.sources import SOURCES
from tasks.sources.accounts import Account
from tasks.window import Window

_REAL = datetime
_PACKAGES = ("cli.", "tasks.", "validation.")
_RUN = threading.local()
"""Of the thread: `on_statement`, which sees each request to ClickHouse."""
Hook = Callable[[str], None]
_WRITES = re.compile(r"\b(INSERT|DELETE)\b(?!.{0,9}meta_job_runs)")
_ONE_BY_ONE = "do_not_merge_across_partitions_select_final"
_REFERENCE = ("dim_cities", "dim_utm_sources", "dim_vat_rates", "dim_report")
_LOGS = ("meta_removals", "meta_unfinished", "meta_alerts", "meta_quality_checks", "meta_memory")
"""Nobody reads them but with FINAL, or for the newest."""

_FACTS = "stat_date, campaign_id, ad_group_id, ad_id, impressions, clicks, spent, conversions FROM fact_{}_daily"
_HELD = {
    "tickets": ("ticket_id, state, amount, toDate(coalesce(paid_at, ordered_at), 'Europe/Moscow') "
                "FROM stg_qtickets_tickets", 1),
    "sales": ("event_date, event_id, currency, tickets_sold, revenue, refunds_amount FROM stg_qtickets_sales_raw", 3),
    "vk_ads": (_FACTS.format("vk_ads"), 4),
    "direct": (_FACTS.format("direct"), 4),
    "marketing": ("d, city, source, impressions, clicks, spend_total, tickets_sold, revenue, refunds_amount "
                  "FROM agg_marketing_daily", 3),
}  # fmt: skip
"""What is compared with the ground truth, and how many columns are its key."""


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
    report: Report | None = None


@dataclass
class Product:
    """One warehouse and its settings. Use it inside `in_process(clock)`."""

    settings: Settings
    name: str = "main"

    def account(self, source: str) -> Account:
        return Account(SOURCES[source], self.name, self.settings)

    def load(
        self, source: str, first: date, last: date, *,
        run_id: str | None = None, refresh: bool = False, on_statement: Hook | None = None,
    ) -> Outcome:  # fmt: skip
        """One load. The same `run_id` again is the same run resumed. `on_statement` gets "before", "after" and, where
        rows were written or removed, other than the run's own, "written"."""
        run_id, window = run_id or str(uuid.uuid4()), Window(first=first, last=last)
        # The hook itself may start another run.
        before, _RUN.on_statement = getattr(_RUN, "on_statement", None), on_statement
        outcome = _outcome(lambda: ingest(self.account(source), window, run_id, refresh=refresh))
        _RUN.on_statement = before
        if outcome.status == "killed":
            # As the kernel does when the process of the run is gone.
            for name in [name for name in alive._held if run_id in name]:
                os.close(alive._held.pop(name))
        return outcome

    def backfill(self, source: str, first: date, last: date, *, refresh: bool = False) -> Outcome:
        def load(window: Window) -> Report:
            return ingest(self.account(source), window, str(uuid.uuid4()), refresh=refresh)

        return _outcome(lambda: backfill(self.account(source), first, last, refresh=refresh, load=load))

    def replay(self, source: str) -> Outcome:
        return _outcome(lambda: replay([self.account(source)], self.settings))

    def select(self, sql: str) -> pl.DataFrame:
        with warehouse(self.settings) as client:
            return select(client, sql)

    def held(self, what: str, account: str = "") -> dict[Any, Any]:
        """Tickets, sales, marketing or the facts of a source, of all accounts or of one, in the shape of `truth` and
        `ad_truth`; without FINAL, as people ask."""
        sql, width = _HELD[what]
        rows = self.select(f"SELECT {sql}" + (f" WHERE account = '{account}'" if account else "")).rows()
        found = {row[:width] if width > 1 else row[0]: row[width:] for row in rows}
        assert len(found) == len(rows), f"{what}: rows of one key stand twice"
        return found

    def command(self, *statements: str) -> None:
        with warehouse(self.settings) as client:
            for sql in statements:
                client.command(sql)

    def disagreements(self, *sources: str) -> list[str]:
        """Marts (of these sources) that differ from what they are made of on any day at all, and tables in which a row
        counts twice: by queries that take the newest version of a row wherever it is, which those of a load do not."""
        marts = {one.table.name: one for source in sources or SOURCES for one, _ in SOURCES[source].marts}
        known, counts = [name for name in self.filled() if name not in _LOGS], "(SELECT count() FROM {})".format
        # Asked at once: this is asked often.
        rows = " UNION ALL ".join(
            f"SELECT '{n}' AS t, {counts(n)} != {counts(f'{n} FINAL')} AS wrong" for n in known
        )
        with warehouse(self.settings) as client:
            client.set_client_setting(_ONE_BY_ONE, 0)
            try:
                days = {name: mart.stale_days(client, one) for name, one in marts.items()}
                twice = select(client, f"SELECT t FROM ({rows}) WHERE wrong")["t"].to_list() if known else []
            finally:
                client.set_client_setting(_ONE_BY_ONE, 1)
        return [f"{name} {stale}" for name, stale in days.items() if stale] + [f"{name} twice" for name in twice]

    @cached_property
    def tables(self) -> list[str]:
        where = "database = currentDatabase() AND engine LIKE '%MergeTree' AND name != 'meta_migrations'"
        return list(self.select(f"SELECT name FROM system.tables WHERE {where} ORDER BY name")["name"])

    def filled(self, suffix: str = "") -> list[str]:
        """Tables that hold rows, here or in the database whose name has this suffix: most tables are empty."""
        where = f"active AND database = currentDatabase() || '{suffix}' AND table != 'meta_migrations'"
        return list(self.select(f"SELECT DISTINCT table FROM system.parts WHERE {where} ORDER BY table")["table"])

    def loaded(self, suffix: str = "") -> list[str]:
        """The same without what Zakaz itself brings, whatever is loaded."""
        return [table for table in self.filled(suffix) if table not in _REFERENCE]

    def forget_loads(self, *, references: bool = False) -> None:
        """A warehouse that nothing was ever written to, but for what each load would bring there first, if not that as
        well; and no fetch that a later run may find."""
        self.command(*(f"TRUNCATE TABLE {table}" for table in (self.filled() if references else self.loaded())))
        self.forget_fetches()

    def forget_fetches(self) -> None:
        shutil.rmtree(self.landing, ignore_errors=True)

    @property
    def landing(self) -> Path:
        return Path(self.settings.landing_url)


def _outcome(work: Callable[[], Report | str]) -> Outcome:
    try:
        done = work()
    except ZakazError as error:
        return Outcome("failed", str(error))
    except Killed:
        return Outcome("killed", "")
    except Exception as error:  # noqa: BLE001
        return Outcome("crashed", f"{type(error).__name__}: {str(error)[:200]}")
    return Outcome("success", done.message, done) if isinstance(done, Report) else Outcome("success", done)


def killer(number: int, *, after: bool) -> Hook:
    """Dies at that request to ClickHouse, and at each one later: before it is sent, or when it is done and nobody heard
    of it."""
    seen = 0

    def hook(at: str) -> None:
        nonlocal seen
        seen += at == "before"
        if seen > number or (seen == number and at == ("after" if after else "before")):
            raise Killed

    return hook


@contextmanager
def in_process(clock: Clock) -> Iterator[None]:
    """Within the block the product is on the clock, with one connection a thread."""
    with ExitStack() as stack:
        # Beneath whatever the driver is made of: nobody else here uses urllib3.
        stack.enter_context(patch.object(PoolManager, "urlopen", _watched(PoolManager.urlopen)))
        # Each HTTP client reads all certificates anew, a tenth of a second, for addresses that need none.
        stack.enter_context(patch.object(ssl, "create_default_context", cache(ssl.create_default_context)))
        connect = _reused(clickhouse_connect.get_client, stack)
        stack.enter_context(patch.object(clickhouse_connect, "get_client", connect))
        stack.enter_context(on_the_clock(clock))
        yield


@contextmanager
def on_the_clock(clock: Clock) -> Iterator[None]:
    """Within the block the product's now is the clock's, in all of its modules that are imported by then."""
    fake = _datetime_of(clock)
    with ExitStack() as stack:
        for module in list(sys.modules.values()):
            held = vars(module).get("datetime")
            if module.__name__.startswith(_PACKAGES) and isinstance(held, type) and issubclass(held, _REAL):
                stack.enter_context(patch.object(module, "datetime", fake))
        yield


@contextmanager
def as_processes() -> Iterator[None]:
    """Within the block each thread stands for a process: what is one at a time within one does not wait."""
    free = {"_one_at_a_time": nullcontext()}
    with patch.multiple(mart, **free), patch.multiple(migrate, **free):
        yield


def _datetime_of(clock: Clock) -> type[datetime]:
    meta = type("Meta", (type,), {"__instancecheck__": lambda _, value: isinstance(value, _REAL)})

    class Fake(_REAL, metaclass=meta):  # type: ignore[metaclass]
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
        text = named.get("body")
        if _WRITES.search(f"{values} {text[:200]!r}" if isinstance(text, str | bytes) else f"{values}"):
            hook("written")
        return reply

    return watched


def _reused(connect: Callable[..., Any], stack: ExitStack) -> Callable[..., Any]:
    """A load asks for some twenty clients; all of a thread are one here, which is most of a small load's time."""
    held = threading.local()

    def reused(**options: Any) -> Any:
        clients, key = held.__dict__.setdefault("clients", {}), repr(sorted(options.items()))
        if key not in clients:
            hook, _RUN.on_statement = getattr(_RUN, "on_statement", None), None
            try:
                client = connect(**options)
            finally:
                _RUN.on_statement = hook
            stack.callback(client.close)
            client.close = lambda: None
            clients[key] = client, client.database
        client, client.database = clients[key]
        return client

    return reused
