"""Carries out the cells of the table: a load with a fault, a plain one after it, and what is right in between.

What is right is what a clean load of the same world writes into a warehouse of its own, which a test holds against the
sandbox's ground truth: so a cell is compared, row by row and in every column, with figures that a route without the
product has confirmed.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path

from sandbox.world import World
from tests.faults.table import TIMES, Cell
from tests.flows import truth
from tests.support.fixtures import drop_databases
from tests.support.product import Clock, Outcome, Product, in_process
from tests.support.stage import SOURCE_OF, Stage, stage

NOW = datetime.fromisoformat("2026-03-08T12:00:00+03:00")
"""The world's now. In the past, since ClickHouse has a clock of its own; over the end of a month."""
DAYS, SCALE = 10, 0.05
FIRST = truth.moscow_day(NOW) - timedelta(days=DAYS - 1)
FACTS = {"vk": "fact_vk_ads_daily", "legacy": "fact_vk_ads_daily", "direct": "fact_direct_daily"}
SALES = ("stg_qtickets_tickets", "dim_events", "stg_qtickets_sales_raw")
_MART = "agg_marketing_daily"

Rows = list[tuple[object, ...]]
Tables = dict[str, Rows]


@dataclass(frozen=True)
class Verdict:
    """`word`: exact, counted, refused, or WRONG."""

    word: str
    why: str = ""
    message: str = ""
    asked: bool = True

    def __str__(self) -> str:
        return f"{self.word}: {self.why} | {self.message}" if self.word == "WRONG" else self.word


@dataclass
class Api:
    """One API's warehouse, and what clean loads of it gave: rows, messages by state, the paths that were asked."""

    product: Product
    source: str
    tables: tuple[str, ...]
    right: Tables = field(default_factory=dict)
    before: Tables = field(default_factory=dict)
    messages: dict[str, str] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)


@dataclass
class Bench:
    stage: Stage
    clock: Clock
    world: World
    apis: dict[str, Api] = field(default_factory=dict)

    def load(self, name: str) -> Outcome:
        """A plain load of the world's days. Ads have their figures up to yesterday."""
        api = self.apis[name]
        self.clock.move(seconds=5)
        last = truth.moscow_day(NOW) - timedelta(days=0 if name == "qtickets" else 1)
        return api.product.load(api.source, FIRST, last)

    def judge(self, cell: Cell) -> Verdict:
        """The load with the fault, and unless it was refused and left everything as it was, a plain one after it."""
        name = cell.endpoint.api
        if not any(fnmatchcase(path, cell.endpoint.path) for path in self.apis[name].asked):
            return Verdict("exact", asked=False)
        verdict = self.judge_first(cell)
        if verdict.word == "WRONG" or self._is_untouched(cell, verdict):
            return verdict
        healed = self.load(name)
        if healed.status != "success":
            return replace(verdict, word="WRONG", why=f"the next plain load does not succeed: {healed}")
        if difference := _difference(self.tables(name), self.apis[name].right, cell.blind):
            return replace(verdict, word="WRONG", why=f"the next plain load does not heal it: {difference}")
        return verdict

    def judge_first(self, cell: Cell) -> Verdict:
        """The load with the fault."""
        name, faults = cell.endpoint.api, self.stage.faults(cell.endpoint.api)
        api = self.apis[name]
        self._prepare(name, cell.state)
        if cell.endpoint.name == "token":
            api.product.settings.vk_token_file.unlink(missing_ok=True)
        else:
            self._authorize(name, cell.state)
        fault = faults.add(cell.fault.kind, cell.endpoint.path, *TIMES[cell.times], **cell.fault.options)
        outcome = self.load(name)
        faults.clear()
        return replace(self._first(cell, outcome), asked=fault.fired > 0)

    def _is_untouched(self, cell: Cell, verdict: Verdict) -> bool:
        product = self.apis[cell.endpoint.api].product
        is_kept = any(product.landing.rglob("manifest.json"))
        if verdict.word != "refused" or cell.endpoint.name == "token" or is_kept:
            return False
        kept = product.select("SELECT 1 FROM meta_quarantine").height
        return not kept and self.tables(cell.endpoint.api) == self._before(cell)

    def _before(self, cell: Cell) -> Tables:
        api = self.apis[cell.endpoint.api]
        return api.before if cell.state == "loaded" else {table: [] for table in api.tables}

    def _first(self, cell: Cell, outcome: Outcome) -> Verdict:
        api = self.apis[cell.endpoint.api]
        there = self.tables(cell.endpoint.api)
        if outcome.status == "crashed":
            return Verdict("WRONG", "a traceback", outcome.message)
        if outcome.status == "failed":
            return self._refused(cell, there, outcome.message)
        difference = _difference(there, api.right, cell.blind)
        if not difference:
            return Verdict("exact", message=outcome.message)
        if _notes(outcome.message) - _notes(api.messages[cell.state]):
            return Verdict("counted", difference, outcome.message)
        return Verdict("WRONG", f"green, but {difference}", outcome.message)

    def _refused(self, cell: Cell, there: Tables, message: str) -> Verdict:
        before, right = self._before(cell), self.apis[cell.endpoint.api].right
        seen = {table: [_seen(table, one[table], cell.blind) for one in (there, before, right)] for table in there}
        if mixed := [table for table, (rows, *either) in seen.items() if rows not in either]:
            return Verdict("WRONG", f"a refused load changed {', '.join(mixed)}", message)
        if not message or "\n" in message or "Traceback" in message:
            return Verdict("WRONG", "the refusal is not one line", message)
        return Verdict("refused", message=message)

    def tables(self, name: str) -> Tables:
        """Every row in every column but its version, as people read them: without FINAL."""
        api = self.apis[name]
        return {t: api.product.select(f"SELECT * EXCEPT _ver FROM {t} ORDER BY ALL").rows() for t in api.tables}

    def _prepare(self, name: str, state: str) -> None:
        self.stage.calm()
        product = self.apis[name].product
        product.forget_loads()
        self.clock.now = NOW + timedelta(days=100 if state == "settled" else 0, minutes=1)
        if state == "loaded":
            held = f"{product.settings.clickhouse_database}_before"
            loaded = product.loaded("_before")
            product.command(*(f"INSERT INTO {table} SELECT * FROM {held}.{table}" for table in loaded))

    def _authorize(self, name: str, state: str) -> None:
        """VK's token is there as a rule: only at its own endpoint is it asked for."""
        if name == "vk":
            file = self.apis[name].product.settings.vk_token_file
            if not file.exists():
                assert self.load(name).status == "success"
                self._prepare(name, state)
            token = self.stage.vk.tokens.issue()
            token.access = re.search(r'"access_token": "([^"]+)"', file.read_text())[1]  # type: ignore[index]


def _notes(message: str) -> set[str]:
    """What a run's message says beside what it did: rows rejected, warnings and notes, with their counts."""
    return set(message.split("; ")[1:])


def _difference(there: Tables, right: Tables, blind: str) -> str:
    """Of the first table that is not right, in a few words."""
    for table, rows in right.items():
        wanted, found = _seen(table, rows, blind), _seen(table, there[table], blind)
        if found != wanted:
            too_many, missing = set(found) - set(wanted), set(wanted) - set(found)
            doubled = len(found) - len(set(found))
            return f"{table} lacks {len(missing)} rows, has {len(too_many)} others and {doubled} twice"
    return ""


columns: dict[str, list[str]] = {}
"""Of each table, in the order of its rows here."""


def _seen(table: str, rows: Rows, blind: str) -> Rows:
    """Without what may be something else; the mart is by city and by currency, so that nothing of it is left."""
    if not blind:
        return rows
    keep = [n for n, column in enumerate(columns[table]) if not re.fullmatch(blind, column)]
    return [] if table == _MART else sorted((tuple(row[n] for n in keep) for row in rows), key=repr)


@contextmanager
def bench(dsn: str, folder: Path, prefix: str) -> Iterator[Bench]:
    """The stage with both worlds, and of each API a warehouse with its two clean loads."""
    world = World.generate(until=NOW, days=DAYS, scale=SCALE)
    earlier = World.generate(until=NOW - timedelta(days=1), days=DAYS - 1, scale=SCALE)
    clock = Clock(NOW)
    with stage(earlier) as served, in_process(clock):
        made = Bench(served, clock, world)
        for name, source in SOURCE_OF.items():
            settings = served.settings(dsn, f"{prefix}_{name}", folder / name, legacy=name == "legacy")
            tables = (*(SALES if name == "qtickets" else (FACTS[name],)), _MART)
            made.apis[name] = Api(Product(settings), source, tables)
        _load_clean(made)
        yield made
        drop_databases(dsn, [name for api in made.apis for name in (f"{prefix}_{api}", f"{prefix}_{api}_before")])


def _load_clean(made: Bench) -> None:
    made.clock.now = NOW - timedelta(days=1)
    for name, api in made.apis.items():
        _succeed(made, name)
        api.asked = {request.path for request in made.stage.requests(name)}
        api.before = made.tables(name)
        here = api.product.settings.clickhouse_database
        api.product.command(f"CREATE DATABASE {here}_before")
        for table in api.product.loaded():
            held = f"{here}_before.{table}"
            api.product.command(f"CREATE TABLE {held} AS {table}", f"INSERT INTO {held} SELECT * FROM {table}")
    made.clock.now = NOW
    made.stage.show(made.world)
    for name, api in made.apis.items():
        api.messages["loaded"] = _succeed(made, name)
        loaded = made.tables(name)
        for state in ("settled", "fresh"):
            made._prepare(name, state)
            api.messages[state] = _succeed(made, name)
            api.right = made.tables(name)
        assert loaded == api.right, f"{name}: an earlier load leaves a trace"
        for table in api.tables:
            columns[table] = api.product.select(f"SELECT * EXCEPT _ver FROM {table} LIMIT 0").columns


def _succeed(made: Bench, name: str) -> str:
    outcome = made.load(name)
    assert outcome.status == "success", outcome
    return outcome.message
