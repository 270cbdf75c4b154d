"""The landing area gives back what was put there, text for text, and removes nothing but its own old fetches."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import fsspec
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks import landing as module
from tasks.errors import LandingError
from tasks.landing import Fetched, Landing, Manifest
from tasks.window import Window

AT = datetime(2026, 7, 1, 12, tzinfo=UTC)
WINDOW = Window(first=date(2026, 6, 1), last=date(2026, 6, 2))
COLUMNS = ("ticket_id", "price", "utm_source")
# Text as JSON can carry it; lone surrogates cannot be written as UTF-8.
TEXTS = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


def fetched(rows: list[dict[str, str | None]], columns: tuple[str, ...] = COLUMNS, **more: Any) -> Fetched:
    return Fetched(rows, columns, **more)


def numbered(count: int) -> list[dict[str, str | None]]:
    return [{"ticket_id": str(number), "price": "490.10", "utm_source": None} for number in range(count)]


def write(landing: Landing, rows: list[dict[str, str | None]], at: datetime = AT) -> Manifest:
    return landing.write("qtickets", "orders", WINDOW, at, fetched(rows))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.fixed_dictionaries(dict.fromkeys(COLUMNS, TEXTS)), max_size=6))
def test_what_was_written_is_read_text_for_text(rows: list[dict[str, str | None]]) -> None:
    landing = Landing(f"memory://landing-{uuid.uuid4().hex}")

    frame = landing.read(write(landing, rows))

    assert frame.schema == dict.fromkeys(COLUMNS, pl.String)
    assert frame.rows(named=True) == rows


@pytest.mark.parametrize(("rows", "parts"), [(0, 1), (1, 1), (9, 1), (10, 1), (11, 2), (20, 2), (21, 3), (100, 10)])
def test_many_rows_are_several_parts_and_one_frame_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int, parts: int
) -> None:
    monkeypatch.setattr(module, "PART_ROWS", 10)
    landing = Landing(str(tmp_path))

    manifest = write(landing, numbered(rows))

    assert (len(manifest.paths), manifest.rows) == (parts, rows)
    assert landing.read(manifest)["ticket_id"].to_list() == [str(number) for number in range(rows)]


def test_an_empty_fetch_keeps_its_columns(tmp_path: Path) -> None:
    landing = Landing(str(tmp_path))

    frame = landing.read(write(landing, []))

    assert (frame.height, frame.columns) == (0, list(COLUMNS))


def test_a_column_that_the_source_did_not_send_is_not_invented(tmp_path: Path) -> None:
    landing = Landing(str(tmp_path))
    manifest = landing.write("a", "b", WINDOW, AT, fetched([{"ticket_id": "1"}], ("ticket_id",)))

    assert landing.read(manifest).columns == ["ticket_id"]


def test_a_row_that_lacks_a_column_has_a_null_there(tmp_path: Path) -> None:
    """The first row lacks it, the last has it, and both ways round."""
    rows: list[dict[str, str | None]] = [{"ticket_id": "1"}, {"price": "490.10"}, {"ticket_id": "3", "price": "1"}]

    frame = Landing(str(tmp_path)).read(write(Landing(str(tmp_path)), rows))

    assert frame.rows() == [("1", None, None), (None, "490.10", None), ("3", "1", None)]


def test_text_that_looks_like_a_number_stays_text(tmp_path: Path) -> None:
    landing = Landing(str(tmp_path))
    rows: list[dict[str, str | None]] = [{"ticket_id": "007", "price": "1e3", "utm_source": "null"}]

    assert landing.read(write(landing, rows)).rows() == [("007", "1e3", "null")]


def test_a_manifest_tells_what_landed_and_survives_json(tmp_path: Path) -> None:
    facts, warnings = {"orders": 2}, ("something",)

    manifest = Landing(str(tmp_path)).write(
        "qtickets", "orders", WINDOW, AT, fetched(numbered(2), facts=facts, warnings=warnings)
    )

    assert Manifest.model_validate_json(manifest.model_dump_json()) == manifest
    assert (manifest.source, manifest.resource, manifest.window, manifest.fetched_at) == (
        "qtickets",
        "orders",
        WINDOW,
        AT,
    )
    assert (manifest.facts, manifest.warnings) == (facts, warnings)


def test_two_fetches_of_one_second_do_not_overwrite_each_other(tmp_path: Path) -> None:
    landing = Landing(str(tmp_path))

    first, second = write(landing, numbered(1)), write(landing, numbered(2))

    assert landing.read(first).height == 1
    assert landing.read(second).height == 2


def test_a_fetch_is_held_until_one_of_its_files_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PART_ROWS", 10)
    landing = Landing(str(tmp_path))
    manifest = write(landing, numbered(25))

    assert landing.holds(manifest)
    Path(manifest.paths[1]).unlink()
    assert not landing.holds(manifest)


@pytest.mark.parametrize("left", [0, 11, 500])
@pytest.mark.parametrize("zeros", [False, True])
def test_a_fetch_of_which_a_file_was_torn_is_not_held(tmp_path: Path, left: int, zeros: bool) -> None:
    """As after a loss of power: the name is there, the bytes are not, or not all, or are zeros."""
    landing = Landing(str(tmp_path))
    manifest = write(landing, numbered(1000))
    part = Path(manifest.paths[0])
    size = part.stat().st_size
    assert size > left

    os.truncate(part, left)
    if zeros:
        os.truncate(part, size)

    assert not landing.holds(manifest)


def _torn(part: Path) -> None:
    os.truncate(part, part.stat().st_size - 1)


def _zeroed(part: Path) -> None:
    size = part.stat().st_size
    os.truncate(part, 0)
    os.truncate(part, size)


def _exchanged(part: Path) -> None:
    """A Parquet file without a flaw, of other rows."""
    pl.DataFrame({"ticket_id": ["1"], "price": ["9"], "utm_source": [None]}).write_parquet(part)


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (_torn, "is not as it was written to"),
        (_zeroed, "is not as it was written to"),
        (_exchanged, "is not as it was written to"),
        (Path.unlink, "is gone from"),
    ],
)
def test_a_part_that_changed_is_never_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, harm: Callable[[Path], object], words: str
) -> None:
    monkeypatch.setattr(module, "PART_ROWS", 10)
    landing = Landing(str(tmp_path))
    manifest = write(landing, numbered(25))
    harm(Path(manifest.paths[1]))

    with pytest.raises(LandingError) as caught:
        landing.read(manifest)

    assert str(caught.value) == (
        f"qtickets orders 2026-06-01..2026-06-02: part-00001.parquet of what was fetched at 2026-07-01 12:00:00 UTC "
        f"{words} the landing area {tmp_path}. Nothing was loaded; the next run fetches it again."
    )
    assert caught.value.transient


def test_parts_without_a_digest_are_not_read(tmp_path: Path) -> None:
    landing = Landing(str(tmp_path))

    with pytest.raises(LandingError, match="is not as it was written"):
        landing.read(write(landing, numbered(1)).model_copy(update={"digests": ()}))


def test_a_fetch_of_another_landing_area_is_not_held(tmp_path: Path) -> None:
    manifest = write(Landing(str(tmp_path / "old")), numbered(1))

    assert not Landing(str(tmp_path / "new")).holds(manifest)


def test_a_fetch_of_an_earlier_version_is_not_held(tmp_path: Path) -> None:
    """Its manifest, which the cache kept, does not say what was in the files."""
    landing = Landing(str(tmp_path))

    assert not landing.holds(write(landing, numbered(1)).model_copy(update={"digests": ()}))


@pytest.mark.parametrize(
    "url",
    ["s3://key:never-shown@bucket/folder", "s3://key:never/shown@bucket", "s4://u:never-shown@host/x?never=shown"],
)
def test_a_secret_in_the_address_is_not_shown(url: str) -> None:
    with pytest.raises(
        LandingError, match=r"The landing area s[34]://(bucket|host)[a-z/]* cannot be used"
    ) as caught:
        Landing(url).probe()

    assert "never" not in str(caught.value)


def test_a_probe_leaves_nothing(tmp_path: Path) -> None:
    assert Landing(str(tmp_path)).probe() == str(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_old_fetches_are_pruned_and_young_ones_stay(tmp_path: Path) -> None:
    landing = Landing(str(tmp_path))
    ages = (0, 6, 7, 8, 400)
    manifests = {age: write(landing, numbered(1), AT - timedelta(days=age)) for age in ages}

    removed = landing.prune("qtickets", AT, keep_days=7)

    assert removed == 2
    assert {age for age, manifest in manifests.items() if landing.holds(manifest)} == {0, 6, 7}


def test_the_age_of_a_fetch_does_not_depend_on_the_clock_it_is_told_by(tmp_path: Path) -> None:
    landing = Landing(str(tmp_path))
    far_east = timezone(timedelta(hours=12))
    manifest = write(landing, numbered(1), (AT - timedelta(days=7)).astimezone(far_east))

    assert landing.prune("qtickets", AT.astimezone(timezone(timedelta(hours=-11))), keep_days=7) == 0
    assert landing.prune("qtickets", AT + timedelta(seconds=1), keep_days=7) == 1
    assert not landing.holds(manifest)


def test_what_others_keep_in_the_same_place_is_never_pruned(tmp_path: Path) -> None:
    """The address may be a bucket that holds other things as deep and with names that sort as older."""
    others = ["exports/reports/2020-01-01", "a/b/19990101", "a/b/0", "qtickets/orders/20200101T000000Z"]
    for name in others:
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "keep.csv").write_text("x")

    assert Landing(str(tmp_path)).prune("qtickets", AT, keep_days=1) == 0
    assert all((tmp_path / name / "keep.csv").exists() for name in others)


def test_an_area_that_does_not_exist_yet_has_nothing_to_prune(tmp_path: Path) -> None:
    assert Landing(str(tmp_path / "new")).prune("qtickets", AT, keep_days=1) == 0


def test_any_fsspec_address_will_do() -> None:
    landing = Landing("memory://bucket/landing")
    manifest = write(landing, numbered(3))

    assert fsspec.filesystem("memory").exists(manifest.paths[0])
    assert landing.read(manifest).height == 3
    assert landing.holds(manifest)
    assert landing.prune("qtickets", AT + timedelta(days=30), keep_days=7) == 1
    assert not landing.holds(manifest)
