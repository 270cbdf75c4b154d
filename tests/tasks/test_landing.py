"""The landing area gives back what was put there, text for text, or nothing; and it is the one cache of fetches: which of them
a run may use again."""

import os
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks import landing as module
from tasks import steps
from tasks.errors import LandingError
from tasks.landing import Fetched, Landing, Manifest, Request
from tasks.load.runs import Run
from tasks.load.warehouse import warehouse
from tasks.settings import Settings
from tasks.sources.accounts import Account
from tasks.sources.qtickets import SOURCE as QTICKETS
from tasks.steps import Fetch
from tasks.window import Window
from tests.support.bucket import KEY, NAME, SECRET, bucket
from tests.tasks.load.engines import emptied

AT = datetime(2026, 7, 1, 12, tzinfo=UTC)
WINDOW = Window(first=date(2026, 6, 1), last=date(2026, 6, 2))
ORDERS = Request("qtickets", "orders", "main", "https://a.ru#body", WINDOW, "v1")
COLUMNS = ("ticket_id", "price", "utm_source")
# Text as JSON can carry it; lone surrogates cannot be written as UTF-8.
TEXTS = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
Rows = list[dict[str, str | None]]


def numbered(count: int) -> Rows:
    return [{"ticket_id": str(number), "price": "490.10", "utm_source": None} for number in range(count)]


def write(
    landing: Landing, rows: Rows | pl.DataFrame, at: datetime = AT, request: Request = ORDERS, **more: Any
) -> Manifest:
    return landing.write(request, "run-1", at, Fetched(rows, COLUMNS, **more))


@pytest.fixture
def landing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Landing:
    """Parts of ten rows in a folder."""
    monkeypatch.setattr(module, "PART_ROWS", 10)
    return Landing(str(tmp_path / "landing"))


def part_of(landing: Landing, manifest: Manifest, number: int = 1) -> Path:
    return Path(landing._root) / manifest.folder / manifest.parts[number].name


@settings(max_examples=40)
@given(st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(COLUMNS, TEXTS)), max_size=6))
def test_rows_are_read_text_for_text_with_null_where_a_row_lacks_a_column(rows: Rows) -> None:
    landing = Landing(f"memory://landing-{uuid.uuid4().hex}")
    frame = landing.read(write(landing, rows))
    assert frame.schema == dict.fromkeys(COLUMNS, pl.String)
    assert frame.rows(named=True) == [dict.fromkeys(COLUMNS) | row for row in rows]


def test_what_came_beside_is_found_and_lost_with_its_fetch(landing: Landing) -> None:
    other = Fetched([{"day": "1"}], ("day",), notes=("odd",))
    manifest = write(landing, numbered(1), beside={"totals": other})
    assert landing.newest(ORDERS) == manifest
    (beside,) = manifest.beside.values()
    assert (beside.resource, beside.rows, beside.notes, landing.read(beside).rows()) == ("totals", 1, (), [("1",)])
    part_of(landing, beside, 0).unlink()
    assert landing.newest(ORDERS) is None


def test_many_rows_are_several_parts_and_one_frame_again(landing: Landing) -> None:
    """Two fetches of one second do not overwrite each other."""
    written = {rows: write(landing, numbered(rows)) for rows in (0, 10, 11)}
    assert [(len(one.parts), one.rows) for one in written.values()] == [(1, 0), (1, 10), (2, 11)]
    for rows, manifest in written.items():
        assert landing.read(manifest)["ticket_id"].to_list() == [str(n) for n in range(rows)]


def test_the_newest_whole_fetch_of_the_same_request_is_found(landing: Landing) -> None:
    other = {
        "source": "vk_ads", "resource": "events", "account": "spb", "reads": "https://a.ru#query", "version": "v2",
    }  # fmt: skip
    others: list[Any] = [{name: text} for name, text in other.items()]
    others.append({"window": Window(first=WINDOW.first, last=WINDOW.first)})
    more: dict[str, Any] = {"warnings": ("no tags",), "notes": ("odd",), "facts": {"orders": 2}, "partial": True}
    more["marks"] = ("24000 made in May",)
    hours = [write(landing, numbered(15), AT + timedelta(hours=hour), **more) for hour in (0, 2, 1)]
    assert landing.newest(ORDERS) == hours[1]
    assert hours[1].marks == hours[0].marks != more["marks"], "hashed: an id may be a login"
    assert [landing.newest(replace(ORDERS, **other)) for other in others] == [None] * len(others)
    os.truncate(part_of(landing, hours[1]), 11)
    assert landing.newest(ORDERS) == hours[2]
    manifest = Path(landing._root) / hours[2].folder / "manifest.json"
    os.truncate(manifest, manifest.stat().st_size - 1)
    assert landing.newest(ORDERS) == hours[0]
    for _ in range(2):
        landing.discard(hours[2])
        assert landing.newest(ORDERS) is None, "nor an older one"
    assert landing.read(hours[0]).height == 15


def test_old_fetches_are_pruned_whatever_clock_names_their_age(landing: Landing) -> None:
    east, west = timezone(timedelta(hours=12)), timezone(timedelta(hours=-11))
    days = (0, 6, 7, 8, 400)
    kept = {age: write(landing, numbered(1), (AT - timedelta(days=age)).astimezone(east)) for age in days}
    assert landing.prune("qtickets", AT.astimezone(west), keep_days=7) == 2
    assert [age for age, one in kept.items() if (Path(landing._root) / one.folder).exists()] == [0, 6, 7]


def test_other_files_in_the_same_place_are_never_pruned(tmp_path: Path) -> None:
    """The address may be a bucket that holds other things as deep and with names that sort as older."""
    for name in ("exports/reports/2020-01-01", "qtickets/orders/20200101T000000Z"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "keep.csv").write_text("x")
    assert Landing(str(tmp_path)).prune("qtickets", AT, keep_days=1) == 0
    assert len(list(tmp_path.rglob("keep.csv"))) == 2


def test_a_bucket_is_a_landing_area_too(monkeypatch: pytest.MonkeyPatch) -> None:
    with bucket() as served:
        monkeypatch.setenv("AWS_ENDPOINT_URL", served.endpoint)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
        landing = Landing(f"s3://{NAME}/of/ours")
        manifest = write(landing, numbered(3))
        old = write(landing, numbered(1), AT - timedelta(days=30))
        served.objects["of-others/kept.txt"] = b""
        assert f"of/ours/{manifest.folder}/manifest.json" in served.objects
        assert landing.newest(ORDERS) == manifest
        assert landing.read(manifest).height == 3
        assert landing.probe() == f"s3://{NAME}/of/ours"
        assert landing.prune("qtickets", AT, keep_days=7) == 1
        assert not [name for name in served.objects if old.folder in name or "probe" in name]
        served.objects[f"of/ours/{manifest.folder}/part-00000.parquet"] += b"x"
        with pytest.raises(LandingError, match="is not as it was written to"):
            landing.read(manifest)
        assert landing.newest(ORDERS) is None
        assert "of-others/kept.txt" in served.objects
        with pytest.raises(LandingError, match=r"cannot be used: .*bucket does not exist"):
            write(Landing("s3://mistyped/of/ours"), numbered(1))


def test_a_secret_in_the_address_is_not_shown() -> None:
    place = r"The landing area s[34]://(bucket|host)[a-z/]* cannot be used"
    for url in ("s3://key:never@bucket/folder", "s3://k:never/shown@bucket", "s4://u:never@host/x?never=shown"):
        with pytest.raises(LandingError, match=place) as caught:
            Landing(url).probe()
        assert "never" not in str(caught.value)


NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
# Days that the source no longer restates end `restated_days` before today; the day after them is open.
NEWEST_SETTLED = date(2026, 7, 1) - timedelta(days=QTICKETS.restated_days + 1)
SETTLED = Window(first=NEWEST_SETTLED, last=NEWEST_SETTLED)
OPEN = Window(first=NEWEST_SETTLED, last=NEWEST_SETTLED + timedelta(days=1))
ROW = {"ticket_id": "1"}


class Api:
    """In the place of an API: counts the fetches."""

    def __init__(self) -> None:
        self.fetches = 0
        self.warnings: tuple[str, ...] = ()

    def __call__(self, _settings: Settings, _window: Window, _now: datetime) -> Fetched:
        self.fetches += 1
        return Fetched([ROW], ("ticket_id",), warnings=self.warnings)


@pytest.fixture
def api() -> Api:
    return Api()


@pytest.fixture
def asked(place: Settings, api: Api, tmp_path: Path) -> Callable[..., Fetch]:
    """A fetch of orders, or of events, for `run_id`, which began `late` after noon."""
    own = {"landing_url": str(tmp_path / "landing"), "fetch_retries": 2, "fetch_retry_delay": 0}
    settings = place.model_copy(update=own)
    with warehouse(settings) as client:
        emptied(client)

    def make(window: Window, late: timedelta = timedelta(minutes=1), resource: int = 0) -> Fetch:
        asks = replace(QTICKETS.resources[resource], fetch=api, beside=())
        run = Run(QTICKETS.job, f"run-{late}", NOW + late, "main")
        return Fetch(Account(QTICKETS, "main", settings), asks, window, run)

    return make


def test_nobody_uses_a_fetch_with_a_warning_and_refresh_uses_none(asked: Callable[..., Fetch], api: Api) -> None:
    api.warnings = ("no tags",)
    first = steps.fetch(asked(SETTLED, timedelta(0)), refresh=False)
    api.warnings = ()
    second = steps.fetch(asked(SETTLED), refresh=False)
    assert second != first
    assert steps.fetch(asked(SETTLED), refresh=False) == second
    third = steps.fetch(asked(SETTLED, late=timedelta(minutes=2)), refresh=True)
    assert (third != second, api.fetches) == (True, 3)
    assert third.version > second.version > first.version, "the later read has the higher version"
    newer = [steps.fetch(asked(OPEN, timedelta(minutes=n)), refresh=False) for n in (3, 4)]
    assert newer[0] != newer[1], "its last day may still change"
