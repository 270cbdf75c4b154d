"""Carries out schedules, and says what is wrong: after each successful run, by a model of what a warehouse may hold, and at
the end, when all must be exact."""

import logging
import threading
import traceback
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from unittest.mock import patch

import polars as pl

from sandbox.world import Order, World
from sandbox.world.cities import CITIES
from tasks.load import mart
from tasks.load.query import run_query
from tasks.load.warehouse import warehouse
from tasks.reference import vat_rates
from tests.faults.table import ALWAYS, ENDPOINTS, faults_of
from tests.flows import truth
from tests.soak import scene as scenes
from tests.soak.scene import SOURCES, Key, Scene, Value, View
from tests.soak.schedule import DAYS, LONGEST, OLD, Step, draw
from tests.support.fixtures import drop_databases
from tests.support.product import Clock, Outcome, Product, as_processes, in_process, killer
from tests.support.stage import Stage, stage


@dataclass(eq=False)
class Run:
    """One run that has read. `read` orders the readings. Of a run that is no success nobody knows what it wrote, or
    how far its window had grown: it may excuse a row and accuses none. `keeps`: it says itself that it kept rows
    that it did not find."""

    source: str
    first: date
    last: date
    view: View | None = None
    read: int = 0
    status: str = "running"
    keeps: bool = False

    def covers(self, day: object) -> bool:
        return self.status != "success" or (isinstance(day, date) and self.first <= day <= self.last)

    @property
    def rows(self) -> dict[Key, Value]:
        """What it found in its window."""
        assert self.view
        return {key: value for key, value in self.view.rows[self.source].items() if self.covers(value[-1])}


def model(runs: list[Run], held: dict[Key, Value]) -> Iterator[str]:
    """Rows of one source that are older than a successful run's reading, back again, made up or lost: of two runs the
    one that read later is right, row by row, whatever the order of loads."""
    readers = [(run, run.rows) for run in runs if run.view]
    good = [(run, rows) for run, rows in readers if run.status == "success"]
    for key, value in held.items():
        seen = [run.read for run, rows in readers if rows.get(key) == value]
        if not seen:
            yield f"{key} {value}: no run has read that"
            continue
        for run, rows in good:
            if run.read <= max(seen) or key in run.view.blind:  # type: ignore[union-attr]
                continue
            if key in rows:
                yield f"{key} {value}: a later run has read {rows[key]}"
            elif run.covers(value[-1]) and not run.keeps:
                yield f"{key} {value}: a later run found it gone"
    for run, rows in good:
        for key in [key for key in rows if key not in held and key not in run.view.blind]:  # type: ignore[union-attr]
            later = [r for r, found in readers if r.read > run.read and key not in found]
            if not any(r.covers(rows[key][-1]) for r in later):
                yield f"{key} {rows[key]}: lost, though no later run found it gone"


START = datetime.fromisoformat("2026-03-05T12:00:00+03:00")
"""The first days are those of the month before. In the past, since ClickHouse has a clock of its own."""
_AD_DAY = "fact_{}_daily WHERE stat_date = '%s' AND campaign_id = %s AND ad_group_id = %s AND ad_id = %s"
_ROWS = {"qtickets": "stg_qtickets_tickets WHERE ticket_id = %s"} | {s: _AD_DAY.format(s) for s in SOURCES[1:]}
_PATIENCE = 600
VAT = vat_rates()


class Wrong(AssertionError):
    """The warehouse is not what it must be."""


@dataclass
class Paused:
    """A run on a thread of its own that waits at some point until it is let go on. `within`: not just after reading,
    so rows of it may be there beside those that they replace."""

    run: Run
    within: bool
    thread: threading.Thread
    go_on: threading.Event
    outcome: list[Outcome]


@dataclass
class Runner:
    """One schedule after another, in one warehouse."""

    stage: Stage
    clock: Clock
    product: Product

    def carry_out(self, seed: int, steps: list[Step]) -> None:
        """`seed`: of the world. Raises Wrong."""
        try:
            self._begin(seed)
            for step in steps:
                getattr(self, f"_{step.what}", self._change)(step)
            self._end()
        except Wrong:
            raise
        except Exception as error:
            raise Wrong(f"the schedule broke: {''.join(traceback.format_exception(error))}") from error
        finally:
            for paused in self.paused:
                self._let_go(paused)

    def _begin(self, seed: int) -> None:
        self.stage.calm()
        self.product.forget_loads(references=True)
        self.product.settings.vk_token_file.unlink(missing_ok=True)
        self.clock.now = START
        first = truth.moscow_day(START) - timedelta(days=DAYS - 1)
        self.scene = Scene(self.stage, seed, first, START)
        self.scene.show()
        for order in self._paid()[:3]:
            self.scene.changed[order.id] = [lambda order: scenes.move(order, -OLD)]
        self.scene.show()
        self.runs: dict[str, list[Run]] = {source: [] for source in SOURCES}
        self.tainted: set[str] = set()
        self.hurt: set[str] = set()
        self.rates = VAT
        self.paused: list[Paused] = []
        self.unfinished: list[tuple[str, Run]] = []
        self.reads = count(1)
        self.happened: Counter[str] = Counter()

    def _paid(self) -> list[Order]:
        return self.scene.orders(lambda order: order.payed_at is not None)

    def _time(self, step: Step) -> None:
        self.clock.move(hours=step.options["hours"])
        self.scene.until = self.clock.now
        self.scene.show()

    def _change(self, step: Step) -> None:
        scene, what, pick, by = self.scene, step.what, step.options["pick"], step.options["by"]
        paid, days = self._paid(), timedelta(days=step.options["days"])
        inside = [one for one in paid if scene.first <= truth.moscow_day(one.created_at + days)
                  and truth.moscow_day(one.payed_at + days) < scene.today]  # type: ignore[operator]  # fmt: skip
        old = [order for order in paid if order.created_at < START - timedelta(days=OLD / 2)]
        changes = {
            "move": (inside, lambda order: scenes.move(order, days.days)), "refund_old": (old, scenes.refund),
            "refund": (paid, scenes.refund), "cancel": (paid, scenes.cancel),
        }  # fmt: skip
        if what in changes:
            orders, change = changes[what]
            if orders:
                scene.changed.setdefault(_picked(orders, pick).id, []).append(change)
        elif what == "cure":
            scene.spoiled.clear()
        elif what in ("restate", "vanish_day"):
            row = _picked(scene.ad_rows(step.options["source"]), pick)
            scene.restated[row.day, row.ad.ad_id] = scenes.Decimal(str(by if what == "restate" else 0))
        elif what == "vanish_order":
            scene.vanished.add(_picked(paid, pick).id)
        elif what == "tour":
            scene.toured[_picked(paid, pick).event_id] = _picked(CITIES[:4], by - 0.5)
        elif what == "vat":
            rate = (pl.col("rate").cast(pl.Float64) * by).round(4)
            self.rates = VAT.with_columns(rate.cast(VAT.schema["rate"]))
        elif what == "spoil":
            scene.spoiled.add(_picked(scene.orders(lambda _: True), pick).id)
        scene.show()

    def _load(self, step: Step) -> None:
        options = step.options
        source = options["source"]
        self.clock.move(seconds=options["seconds"])
        old = options.get("old", False)
        first, last = self._old_window if old else self._window(source, options["back"], options["days"])
        run = Run(source, first, last)
        fault = None
        if "fault" in options:
            number, kind = options["fault"]
            told, place = faults_of(ENDPOINTS[number])[kind], ENDPOINTS[number]
            times = min(options["times"], ALWAYS)
            fault = self.stage.faults(place.api).add(told.kind, place.path, times, **told.options)
        if "pause" in options:
            self._start(run, options["pause"], refresh=old)
        else:
            run_id = str(uuid.uuid4())
            hook = killer(options["kill"], after=options["after"]) if "kill" in options else None
            how = {"run_id": run_id, "on_statement": hook, "refresh": old}
            outcome = self._reading(run, lambda: self.product.load(source, first, last, **how))
            if outcome.status != "success":
                self.unfinished.append((run_id, run))
            self._note(run, outcome, faulty=fault is not None and fault.fired > 0)
        for name in ("qtickets", "vk", "direct"):
            self.stage.faults(name).clear()

    def _continue(self, step: Step) -> None:
        if self.paused:
            paused = _picked(self.paused, step.options["pick"])
            self.paused.remove(paused)
            self._let_go(paused)
            self._note(paused.run, paused.outcome[0], mends=not paused.within)

    def _again(self, step: Step) -> None:
        """A run that failed or died is resumed: it finds what it had fetched."""
        if not self.unfinished:
            return
        run_id, before = _picked(self.unfinished, step.options["pick"])
        self.unfinished.remove((run_id, before))
        self.clock.move(seconds=5)
        run = Run(before.source, before.first, before.last, before.view, before.read)
        outcome = self._reading(run, lambda: self.product.load(run.source, run.first, run.last, run_id=run_id))
        self._note(run, outcome)

    def _window(self, source: str, back: int, days: int) -> tuple[date, date]:
        newest = self.scene.today - timedelta(days=0 if source == "qtickets" else 1)
        last = max(newest - timedelta(days=back), self.scene.first)
        return max(last - timedelta(days=days - 1), self.scene.first), last

    @property
    def _old_window(self) -> tuple[date, date]:
        """Settled, so that what was fetched once would be used for ever: to be refreshed."""
        first = self.scene.first - timedelta(days=OLD)
        return first, first + timedelta(days=DAYS)

    def _reading(self, run: Run, work: Callable[[], Any]) -> Any:
        """Do it, and note what it read if it asked an API."""
        calls = self.stage.calls
        if run not in self.runs[run.source]:
            self.runs[run.source].append(run)
        try:
            return work()
        finally:
            if self.stage.calls > calls:
                run.view, run.read = self.scene.views[-1], next(self.reads)

    def _start(self, run: Run, where: str | int, *, refresh: bool) -> None:
        """Run it on a thread until it comes to the point, or to its end."""
        waits, go_on, outcome = threading.Event(), threading.Event(), []
        hook = self._stopper(where, waits, go_on)

        def work() -> None:
            outcome.append(self.product.load(run.source, run.first, run.last, on_statement=hook, refresh=refresh))
            waits.set()

        thread = threading.Thread(target=work, daemon=True)
        paused = Paused(run, where != "read", thread, go_on, outcome)

        self._reading(run, lambda: (thread.start(), waits.wait(_PATIENCE)))
        assert waits.is_set()
        if outcome:
            self._note(run, outcome[0])
        else:
            self.happened["paused"] += 1
            self.paused.append(paused)

    def _stopper(self, where: str | int, waits: threading.Event, go_on: threading.Event) -> Callable[[str], None]:
        calls, left = self.stage.calls, where if isinstance(where, int) else 0

        def stop(phase: str) -> None:
            nonlocal left
            if go_on.is_set() or phase != "before":
                return
            left -= 1
            if left == 0 or (where == "read" and self.stage.calls > calls):
                waits.set()
                assert go_on.wait(_PATIENCE)

        return stop

    def _let_go(self, paused: Paused) -> None:
        self._reading(paused.run, lambda: (paused.go_on.set(), paused.thread.join(_PATIENCE)))
        assert paused.outcome

    def _note(self, run: Run, outcome: Outcome, *, faulty: bool = False, mends: bool = True) -> None:
        """`mends`: it has seen what others left."""
        run.status = outcome.status
        self.happened[outcome.status] += 1
        if outcome.status == "crashed":
            raise Wrong(f"a traceback of {run.source}: {outcome.message}")
        if outcome.status != "success":
            self.hurt.add(run.source)
            return
        if mends:
            self.hurt.discard(run.source)
        if outcome.report:
            run.first, run.last = outcome.report.window.first, outcome.report.window.last
        run.keeps = "kept, though" in outcome.message
        if faulty and "; " in outcome.message:
            # It counted what is missing. Until the end nobody can say which rows are right.
            self.tainted.add(run.source)
            run.status = "counted"
        self._check(run.source)
        if not self.hurt and not any(paused.within for paused in self.paused):
            self._agree(run.source)

    def _held(self, source: str) -> dict[Key, Value]:
        if source == "qtickets":
            return {(number,): value for number, value in self.product.held("tickets").items()}
        return {key: (*value, key[0]) for key, value in self.product.held(source).items()}

    def _check(self, source: str) -> None:
        if source in self.tainted or any(paused.within for paused in self.paused if paused.run.source == source):
            return
        if wrong := list(model(self.runs[source], self._held(source))):
            raise Wrong(f"{source}: {wrong[0]} ({len(wrong)} such)")

    def _agree(self, *sources: str) -> None:
        if wrong := self.product.disagreements(*sources):
            raise Wrong(f"after a load of {' and '.join(sources)} disagree: {', '.join(wrong)}")

    def _end(self) -> None:
        """The trouble is over: one load of everything, then the runs that still wait end as well."""
        self.rates = VAT
        self.stage.calm()
        self.scene.spoiled.clear()
        self.scene.show()
        for source in SOURCES:
            outcome = self._load_everything(source)
            if "was removed. If it is true" in outcome.message:
                # More than a quarter of the money is really gone. Its owner, who knows, does as the message says.
                gone = self._held(source).keys() - self.scene.views[-1].rows[source].keys()
                with warehouse(self.product.settings) as client:
                    for key in sorted(gone):
                        run_query(client, f"DELETE FROM {_ROWS[source] % key}", None)
                outcome = self._load_everything(source)
            if outcome.status != "success":
                raise Wrong(f"the last load of {source} does not succeed: {outcome.message}")
        while self.paused:
            paused = self.paused.pop()
            self._let_go(paused)
            if paused.outcome[0].status == "crashed":
                raise Wrong(f"a traceback of {paused.run.source}: {paused.outcome[0].message}")
        self._prove()

    def _load_everything(self, source: str) -> Outcome:
        """Asked anew: a load may go on with what one that died has fetched, though the source has changed since."""
        windows = [self._window(source, 0, 1000)] + [self._old_window] * (source == "qtickets")
        for window in windows:
            self.clock.move(seconds=61)
            outcome = self.product.load(source, *window, refresh=True)
            if outcome.status != "success":
                break
        return outcome

    def _prove(self) -> None:
        self._agree(*SOURCES)
        for source in SOURCES:
            _same(source, self._held(source), self.scene.views[-1].rows[source])
        _same("sales", self.product.held("sales"), truth.sales(self.scene.world))
        _same("marketing", self.product.held("marketing"), self.scene.marketing())
        loaded = "resource = 'orders' AND record_key IN (SELECT toString(ticket_id) FROM stg_qtickets_tickets)"
        if good := self.product.select(f"SELECT count() FROM meta_quarantine WHERE {loaded}").item():
            raise Wrong(f"quarantine holds tickets that are loaded: {good}")


def _same(what: str, there: dict[Any, Any], right: dict[Any, Any]) -> None:
    if wrong := [key for key in {**right, **there} if there.get(key) != right.get(key)]:
        lost, others = (sum(key not in held for key in wrong) for held in (there, right))
        differ = f"{len(wrong)} rows differ, {lost} of them lost and {others} too many"
        e_g = f"{wrong[0]}: {there.get(wrong[0])} instead of {right.get(wrong[0])}"
        raise Wrong(f"{what} not exact in the end: {differ}, e.g. {e_g}")


def _picked(found: list[Any], share: float) -> Any:
    return found[min(int(share * len(found)), len(found) - 1)]


@contextmanager
def runner(dsn: str, folder: Path, database: str) -> Iterator[Runner]:
    clock = Clock(START)
    world = World.generate(until=START, days=1, scale=0.01)
    with stage(world) as served, in_process(clock), as_processes():
        product = Product(served.settings(dsn, database, folder))
        # Makes the schema.
        product.load("qtickets", truth.moscow_day(START), truth.moscow_day(START))
        made = Runner(served, clock, product)
        with patch.object(mart, "vat_rates", lambda: made.rates):
            yield made
        drop_databases(dsn, [database])


@dataclass
class Result:
    """Of one schedule: `wrong` is empty where all was exact."""

    seed: int
    wrong: str = ""
    steps: list[Step] = field(default_factory=list)


def try_one(made: Runner, seed: int, longest: int = LONGEST) -> Result:
    steps = draw(seed, longest)
    try:
        made.carry_out(seed, steps)
    except Wrong as wrong:
        return Result(seed, str(wrong), steps)
    return Result(seed)


def carry_out(dsn: str, folder: str, seeds: list[int]) -> list[Result]:
    """The schedules of these seeds, in a process of their own."""
    logging.disable(logging.CRITICAL)
    with runner(dsn, Path(folder) / f"soak_{seeds[0]}", f"soak_{seeds[0]}") as made:
        return [try_one(made, seed) for seed in seeds]
