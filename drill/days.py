"""A life lived day by day: the world shown, loads, and all checks judged each morning; with defects in copies of it."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from unittest.mock import patch

import clickhouse_connect
from clickhouse_connect.driver.client import Client

from drill import worth
from drill.defects import Defect, Loads
from drill.findings import Finding, judge
from drill.lives import Life
from drill.sent import aimed
from drill.served import Promoter, View, serve
from sandbox.world import World
from sandbox.world.clock import day_start
from tasks.load import runs
from tasks.load.mart import restate
from tasks.load.migrate import migrated
from tasks.load.runs import Run
from tasks.load.warehouse import warehouse
from tasks.settings import Settings
from tasks.sources import SOURCES
from tests.support.product import Clock, Outcome, Product, in_process
from tests.support.stage import Stage, stage

_MENDED, _LOADS, _TEN = 2.0, 9.8, 10.0
"""Hours in Moscow: of mending, of loads, of judging."""
_DAYS = {"qtickets": 30, "vk_ads": 14, "direct": 7}
_DAYS_ON_SUNDAY = {"qtickets": 184, "vk_ads": 60, "direct": 61}
_RESTATED = 62
_API = {"qtickets": "qtickets", "vk_ads": "vk", "direct": "direct"}
_MARTS = {mart.table.name: mart for source in SOURCES.values() for mart, _ in source.marts}
_ROWS = {
    "qtickets": ("stg_qtickets_tickets", "toDate(booked_at, 'Europe/Moscow')"),
    "vk_ads": ("fact_vk_ads_daily", "stat_date"),
    "direct": ("fact_direct_daily", "stat_date"),
}


@dataclass
class Morning:
    """`open`: severity of each finding by check and key; `failed`: sources of which a load failed; `is_harmed`: people
    read something else than without the defect, which a load may have mended."""

    open: dict[Finding, str]
    failed: set[str] = field(default_factory=set)
    is_harmed: bool = False


@dataclass
class Case:
    """Defects of one time. `share` and `roubles`: see `worth.py`; `sick` are its mornings with them, `after` those after
    they were mended."""

    defects: tuple[Defect, ...]
    share: float = 0.0
    roubles: float = 0.0
    sick: list[Morning] = field(default_factory=list)
    after: list[Morning] = field(default_factory=list)

    @property
    def first(self) -> date:
        return self.defects[0].first


@dataclass
class House:
    """A life, the stand-ins that show it, and the warehouses in which it goes on."""

    life: Life
    promoter: Promoter
    stage: Stage
    clock: Clock
    folder: Path
    dsn: str
    name: str
    free: list[str] = field(default_factory=list)

    def settings(self, database: str) -> Settings:
        given = {
            "qtickets_page_size": 500,
            "vk_page_size": 200,
            "quality_wait": 0,
            "zakaz_sources": self.life.sources,
        }
        # VK gives an application five tokens at most.
        given["vk_token_file"] = self.folder / "vk_token.json"
        return self.stage.settings(self.dsn, database, self.folder / database).model_copy(update=given)

    def live(self, cases: Sequence[Case] = (), after: int = 0) -> dict[date, Morning]:
        """The mornings of the life without any defect; those of the cases, and some after they were mended, are put
        into them."""
        found: dict[date, Morning] = {}
        base = Branch(self, self.name)
        for day in self.life.days:
            begun = [(case, self._copy()) for case in cases if case.first == day]
            found[day] = base.morning(day)
            for case, database in begun:
                Branch(self, database).suffer(case, after)
                self.free.append(database)
        return found

    def show(self, day: date, hour: float, defects: Sequence[Defect] = ()) -> View:
        """Let it be that hour in Moscow, and the sources say what is known then, or what defects make of it."""
        self.clock.now = day_start(day) + timedelta(hours=hour)
        view = self.promoter.at(self.clock.now)
        for one in defects:
            view = one.kind.bend(one, view) if one.kind.bend else view
        serve(self.stage, view)
        return view

    def _copy(self) -> str:
        """Another warehouse with all that is in the first one, without copying files."""
        database = self.free.pop() if self.free else f"{self.name}_{uuid.uuid4().hex[:6]}"
        shutil.rmtree(self.folder / database, ignore_errors=True)
        tables = Product(self.settings(self.name)).tables
        # Names in full: all clients of a thread are one, with one current database.
        with migrated(self.settings(database)) as client:
            for table in tables:
                client.command(f"TRUNCATE TABLE {database}.{table}")
                client.command(f"ALTER TABLE {database}.{table} ATTACH PARTITION ALL FROM {self.name}.{table}")
        return database


class Branch:
    """One warehouse in which the life goes on, with defects or without."""

    def __init__(self, house: House, database: str) -> None:
        self.house, self.life, self.settings = house, house.life, house.settings(database)
        self.product = Product(self.settings)
        self.stuck: list[Run] = []

    def morning(self, day: date, defects: Sequence[Defect] = ()) -> Morning:
        """The night's loads as prefect.yaml has them, then all checks. So late, they stand for the frequent ones, too."""
        self.house.show(day, _LOADS, defects)
        failed = self._load([(source, *self._window(source, day)) for source in self.life.sources], defects)
        if day == self.life.backfill_on:
            last = self.life.first - timedelta(days=self.life.history + 1)
            for source in self.life.sources:
                _succeeded(self.product.backfill(source, day - timedelta(days=360), last))
        self._strike(defects)
        self.house.clock.now = day_start(day) + timedelta(hours=_TEN)
        return Morning(judge(self.settings, day, self.house.clock.now), failed)

    def suffer(self, case: Case, after: int) -> None:
        """Of defects that change nothing that people read there is only one morning."""
        view, day = self.house.show(case.first, _LOADS), case.first
        defects = case.defects = tuple(aimed(one, view) for one in case.defects)
        for number in range(defects[0].days):
            day = case.first + timedelta(days=number)
            morning = self.morning(day, defects)
            share, roubles = worth.of(self.settings, self.house.name, day)
            morning.is_harmed = share > 0
            case.sick.append(morning)
            if number == 0:
                case.share, case.roubles = share, roubles
                if not share:
                    return
        if after:
            self._mend(day + timedelta(days=1), defects)
        case.after = [self.morning(day + timedelta(days=number)) for number in range(1, after + 1)]

    def _window(self, source: str, day: date) -> tuple[date, date]:
        """Of the night's load; on the first morning all of the history."""
        last, known = (
            day - timedelta(days=SOURCES[source].lag_days),
            self.life.history + (day - self.life.first).days,
        )
        days = (_DAYS_ON_SUNDAY if day.weekday() == 6 else _DAYS)[source]
        return last - timedelta(days=(known if day == self.life.first else min(days, known)) - 1), last

    def _load(self, loads: Loads, defects: Sequence[Defect]) -> set[str]:
        """The sources of which a load failed."""
        for one in defects:
            loads = one.skipped(loads)
            if one.kind.fails:
                self.house.stage.faults(_API[one.source]).add("status", "*", 10**9, status=500)
        done = [(source, self.product.load(source, first, last)) for source, first, last in loads]
        for api in _API.values():
            self.house.stage.faults(api).clear()
        for _, outcome in done:
            if outcome.status == "crashed":
                _succeeded(outcome)
        return {source for source, outcome in done if outcome.status != "success"}

    def _strike(self, defects: Sequence[Defect]) -> None:
        with warehouse(self.settings) as client:
            for one in defects:
                if one.kind.is_stuck and not self.stuck:
                    begun = self.house.clock.now - timedelta(hours=5)
                    self.stuck = [Run(SOURCES[one.source].job, str(uuid.uuid4()), begun, "main")]
                    runs.begin(client, self.stuck[0], "stuck")
                for statement in one.kind.strike(one, client, self.house.name) if one.kind.strike else ():
                    client.command(statement)
            if any(one.follow for one in defects):
                _restate(client)

    def _mend(self, day: date, defects: Sequence[Defect]) -> None:
        """What a person does: puts all right and loads the days again, after removing them where that is refused."""
        self.house.show(day, _MENDED)
        is_struck = any(one.kind.strike for one in defects)
        first = max(min(one.since for one in defects) - timedelta(days=_RESTATED), self.life.history_begins)
        with warehouse(self.settings) as client:
            for run in self.stuck:
                runs.end(client, run, "failed", 0, "stopped", {})
            views = "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine = 'View'"
            for (name,) in client.query(views).result_rows if is_struck else ():
                client.command(f"DROP VIEW {name}")
        for source in self.life.sources:
            remove = f"DELETE FROM {_ROWS[source][0]} WHERE {_ROWS[source][1]} BETWEEN '{first}' AND '{day}'"
            load = partial(self.product.load, source, first, day - timedelta(days=1), refresh=True)
            if is_struck or load().status != "success":
                self.product.command(remove)
                _succeeded(load())
        with migrated(self.settings) as client:
            _restate(client)


def _restate(client: Client) -> None:
    for mart in _MARTS.values():
        restate(client, mart, runs.next_version(client))


def _succeeded(outcome: Outcome) -> None:
    if outcome.status != "success":
        raise RuntimeError(f"a load {outcome.status}: {outcome.message}")


@contextmanager
def house(life: Life, dsn: str, folder: Path) -> Iterator[House]:
    """In this process alone: the product's clock is the life's."""
    clock = Clock(datetime(2025, 1, 1, tzinfo=UTC))
    world = World.generate(until=clock.now, days=1, scale=0.01)
    name = f"drill_{uuid.uuid4().hex[:8]}"
    with stage(world) as served, in_process(clock), patch("tasks.settings.HOME", folder):
        switches = served.direct.switches
        switches.auto_online_days, switches.online_days_limit, switches.retry_in = 10**6, None, ("0",)
        made = House(life, Promoter(life), served, clock, folder, dsn, name)
        yield made
        with clickhouse_connect.get_client(dsn=dsn) as client:
            for database in (name, *made.free):
                client.command(f"DROP DATABASE IF EXISTS {database} SYNC")
