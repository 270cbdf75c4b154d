"""A load that dies or fails anywhere harms nothing, and the next one asks the API for nothing twice: marts and tables agree after
it, however narrow, whatever changed. A long window is fetched and written in pieces."""

import json
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from itertools import count
from pathlib import Path
from unittest.mock import patch

import polars as pl
import pytest

from sandbox.world import Order, World
from sandbox.world.cities import CITIES
from tasks import ingest as module
from tasks import steps
from tasks.errors import SourceError
from tasks.ingest import PLAIN, ingest
from tasks.landing import Manifest
from tasks.load import mart
from tasks.load.query import run_query
from tasks.load.warehouse import warehouse
from tasks.sources import SOURCES
from tasks.sources.accounts import Account
from tasks.sources.source import Resource
from tasks.sources.windows import split_in_pieces
from tasks.steps import RESUMED_WITHIN
from tasks.window import Window
from tests.flows import ad_truth, truth
from tests.path.conftest import DAYS, FIRST, NOW, TODAY, YESTERDAY, Scene, scene_of, the_world
from tests.soak.scene import move
from tests.support.product import Hook, Killed, as_processes, killer


def die_after_the_fetch(scene: Scene, source: str, **options: str) -> int:
    """How many calls it made before."""
    calls, hook = scene.stage.calls, killer(8, after=False)
    died = scene.load(source, on_statement=lambda at: hook(at) if scene.stage.calls > calls else None, **options)
    assert died.status == "killed"
    return scene.stage.calls - calls


@pytest.mark.parametrize("source", ["qtickets", "direct"])
def test_what_a_run_that_died_had_fetched_is_not_fetched_again_within_an_hour(scene: Scene, source: str) -> None:
    """By the same run resumed, as by the UI's Retry, and by a new one; after an hour the days are asked for anew."""
    run_id = str(uuid.uuid4())
    calls = die_after_the_fetch(scene, source, run_id=run_id)
    scene.loaded(source, run_id=run_id)
    assert scene.stage.calls == calls > 0
    if source == "qtickets":
        assert scene.sales() == truth.sales(the_world())
    else:
        assert scene.product.held(source) == ad_truth.facts(the_world(), source, FIRST, YESTERDAY)
    assert scene.last_run()["metrics"]["api_calls"] == 0
    calls += die_after_the_fetch(scene, source)
    scene.loaded(source)
    assert scene.stage.calls == calls
    scene.loaded(source)
    assert scene.stage.calls > calls, "a good run has read these days: the next one reads them anew"
    die_after_the_fetch(scene, source)
    calls = scene.stage.calls
    scene.clock.move(seconds=RESUMED_WITHIN.total_seconds())
    scene.loaded(source)
    assert scene.stage.calls > calls


def test_a_backfill_that_failed_goes_on_where_it_ended(scene: Scene) -> None:
    """Windows of December and January; the API breaks down in the second one."""
    assert scene.product.backfill("qtickets", FIRST, date(2025, 12, 31)).status == "success"
    scene.stage.qtickets.faults.add("status", "/orders", times=99, status=500)
    assert scene.product.backfill("qtickets", FIRST, TODAY).status == "failed"
    scene.stage.calm()
    for _ in range(2):
        calls = scene.stage.calls
        assert scene.product.backfill("qtickets", FIRST, TODAY).message.endswith(": 1 window loaded, 1 was done")
        assert scene.sales() == truth.sales(the_world())
    ends = scene.product.select("SELECT status FROM meta_job_runs ORDER BY started_at, _ver")["status"]
    assert ends.to_list() == ["success", "failed", "success", "success"]
    assert scene.stage.calls > calls, "today's window is not over"
    assert "2 windows loaded" in scene.product.backfill("qtickets", FIRST, TODAY, refresh=True).message


NOVEMBER, JANUARY = date(2025, 11, 20), date(2026, 1, 1)
WHOLE = Window(first=NOVEMBER, last=TODAY)
"""Its pieces are ten days without a sale, December and January."""


def test_a_window_that_is_longer_than_a_piece_is_cut_where_months_begin() -> None:
    """A piece of ads is three months."""
    december = WHOLE.model_copy(update={"first": date(2025, 12, 9)})
    pieces = split_in_pieces(SOURCES["qtickets"], WHOLE)
    assert [piece.first for piece in pieces] == [NOVEMBER, date(2025, 12, 1), JANUARY]
    assert split_in_pieces(SOURCES["vk_ads"], WHOLE) == [WHOLE]
    assert (december.days, split_in_pieces(SOURCES["qtickets"], december)) == (31, [december])


def refuse_january(account: Account, resource: Resource, manifest: Manifest) -> steps.Validated:
    if manifest.window.first == JANUARY:
        raise SourceError("QTickets changed its orders. Nothing was loaded.")
    return steps.validate(account, resource, manifest)


@pytest.mark.parametrize("kept_rows", [200_000, 0])
def test_a_refusal_leaves_all_as_it_was_or_says_up_to_which_day_all_is_loaded(scene: Scene, kept_rows: int) -> None:
    """`kept_rows`: up to how many all is prepared before anything is written."""
    by = replace(PLAIN, validate=refuse_january)
    with patch.object(module, "_KEPT_ROWS", kept_rows), pytest.raises(SourceError) as refusal:
        ingest(scene.product.account("qtickets"), WHOLE, str(uuid.uuid4()), by=by)
    words = "Nothing was loaded." if kept_rows else "Nothing more was loaded. The days up to 2025-12-31 are loaded."
    assert str(refusal.value) == f"QTickets changed its orders. {words}"
    assert scene.last_run()["message"].endswith(words)
    loaded = truth.sales(the_world())
    left = {key: its for key, its in loaded.items() if key[0] == TODAY or (not kept_rows and key[0] < JANUARY)}
    scene.loaded("qtickets", first=TODAY)
    assert scene.sales() == left
    scene.loaded("qtickets", first=NOVEMBER)
    assert scene.sales() == loaded


def test_events_are_read_once_for_all_windows_of_a_backfill_and_for_all_pieces_of_a_load(scene: Scene) -> None:
    """And a run of a backfill tells the days that it read, not those of the run whose list of events it used."""

    def calls() -> int:
        return sum(request.path == "/events" for request in scene.stage.requests("qtickets"))

    assert scene.product.backfill("qtickets", FIRST, TODAY).status == "success"
    of_backfill, metrics = calls(), scene.product.select("SELECT metrics FROM meta_job_runs FINAL")["metrics"]
    windows = sorted(json.loads(text)["window"]["first"] for text in metrics)
    assert windows == [FIRST.isoformat(), JANUARY.isoformat()]
    scene.loaded("qtickets", first=NOVEMBER)
    scene.loaded("qtickets", first=TODAY)
    assert calls() == 3 * of_backfill


Days = tuple[date, date]


@dataclass
class Town:
    """Loaded. `order`: of Direct, paid in December and, moved by nine days, in January; `played`: the id of another event
    than its own."""

    scene: Scene
    world: World
    order: Order
    played: int
    patch: pytest.MonkeyPatch

    def load(self, days: Days, source: str = "qtickets", **options: object) -> str:
        self.scene.stage.show(self.world)
        return self.scene.load(source, *days, refresh=True, **options).status

    def loaded(self, days: Days, *sources: str, **options: object) -> None:
        assert [self.load(days, source, **options) for source in sources] == ["success"] * len(sources)
        self.agrees()

    def agrees(self) -> None:
        """The tickets are as the API has them, and the marts as the tables are."""
        assert self.scene.product.held("tickets") == truth.tickets(self.world)
        assert self.scene.sales() == truth.sales(self.world)
        assert self.scene.product.disagreements() == []

    @property
    def day(self) -> Days:
        assert self.order.payed_at
        return (truth.moscow_day(self.order.payed_at),) * 2

    def redate(self, number: int) -> Days:
        """The order is one of the other month, whose days alone are to be loaded. And an event goes to another city, of
        days that are not."""
        move(self.order, 9 if number % 2 else -9)
        events = self.world.events
        place, event = next((n, e) for n, e in enumerate(events) if e.id == self.played)
        events[place] = replace(event, city=CITIES[2 + number % 2])
        return (date(2026, 1, 1), TODAY) if number % 2 else (FIRST, date(2025, 12, 31))

    def revalue(self, number: int) -> Days:
        """VAT is another one, and so is what belongs to Direct; days without an order are to be loaded."""
        sources = pl.DataFrame({"utm_source": ["yandex"], "source": [("direct", "vk_ads")[number % 2]]})
        rates = mart.vat_rates().with_columns(pl.lit(f"0.{10 + number}").cast(pl.Decimal(5, 4)).alias("rate"))
        self.patch.setattr(mart, "utm_sources", lambda: sources)
        self.patch.setattr(mart, "vat_rates", lambda: rates)
        return (date(2025, 6, 1),) * 2


@pytest.fixture
def town(
    clickhouse_dsn: str, ready_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Town]:
    world = World.generate(until=NOW, days=DAYS, scale=0.03)
    of_direct = (o for o in world.orders if o.utm.get("utm_source") == "yandex" and o.price)
    order = next(o for o in of_direct if o.created_at.day > 23)
    played = next(o.event_id for o in world.orders if o.payed_at and o.event_id != order.event_id)
    with scene_of(world, clickhouse_dsn, ready_database, tmp_path) as scene, as_processes():
        scene.loaded("qtickets", "vk_ads")
        yield Town(scene, world, order, played, monkeypatch)


def dies_after(write: int, meanwhile: Callable[[], object] = lambda: None, *, dies: bool = True) -> Hook:
    """`meanwhile`: what another one does then, before this one dies, or goes on."""
    seen = 0

    def hook(at: str) -> None:
        nonlocal seen
        seen += at == "written"
        if at == "written" and seen == write:
            meanwhile()
        if dies and seen >= write:
            raise Killed

    return hook


@pytest.mark.parametrize(
    ("change", "sources", "step"), [("redate", ("qtickets",), 3), ("revalue", ("vk_ads", "qtickets"), 4)]
)
def test_killed_after_any_write_the_next_load_mends_it(
    town: Town, change: str, sources: tuple[str, ...], step: int
) -> None:
    """By the same run, as by the UI's Retry, or by another one. A random schedule of the soak dies after any write."""
    numbers, whole = count(1), 0
    for turn, write in enumerate(count(1, step)):
        if change == "redate" and turn % 2 == 0:
            # Another one died before, with the order in both months, and then it goes back to the first of them.
            assert town.load(town.redate(next(numbers)), on_statement=dies_after(2)) == "killed"
        days, run_id = getattr(town, change)(next(numbers)), str(uuid.uuid4())
        ended = town.load(days, sources[0], run_id=run_id, on_statement=dies_after(write))
        town.loaded(days, *sources, run_id=run_id if turn // 2 % 2 else None)
        assert ended in ("killed", "success")
        # After one that died before there may be less to write.
        whole = whole + 1 if ended == "success" else 0
        if whole == 2:
            break
    assert write > 6


@pytest.mark.slow
def test_a_run_that_read_later_and_came_between_two_writes_is_right_and_shown(town: Town) -> None:
    """After every fourth write. Ours has the order in January; while it writes, the order is in December, on another day than before, and a
    whole load brings that. Ours loads January alone and ends, or both months and dies there."""
    came: list[str] = []

    def load_later() -> None:
        days = town.redate(2)
        move(town.order, -4 if len(came) % 2 else 4)
        # Of a thread of its own, as it would be of its own process.
        with ThreadPoolExecutor() as pool:
            came.append(pool.submit(town.load, (FIRST, TODAY) if dies else days).result())

    for number, write in enumerate(count(1, 4)):
        dies = number % 2 == 1
        days = town.redate(1)
        ended = town.load((FIRST, TODAY) if dies else days, on_statement=dies_after(write, load_later, dies=dies))
        if len(came) == number:
            break
        assert (ended, came[-1]) == ("killed" if dies else "success", "success")
        if dies:
            town.loaded((date(2025, 6, 1),) * 2, "qtickets")
        town.agrees()
    assert write > 6


def test_changes_to_what_was_loaded_long_ago_are_shown_on_its_days(town: Town) -> None:
    """Each by a load of one day; what was deleted by hand as well."""
    for days in (-1000, 1000):
        move(town.order, days)
        town.loaded(town.day, "qtickets")
    basket = town.order.baskets[0]
    basket.refunded_at, basket.refunded_amount, basket.deleted_at = NOW, basket.price - 1, None
    town.loaded(town.day, "qtickets")
    with warehouse(town.scene.product.settings) as client:
        run_query(client, f"DELETE FROM stg_qtickets_tickets WHERE order_id = {town.order.id}", None)
    town.world.orders.remove(town.order)
    town.loaded((TODAY, TODAY), "qtickets")
