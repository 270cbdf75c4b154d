"""A long window is fetched and written in pieces; the list of events, which is the same for all of them, once."""

import json
import uuid
from dataclasses import replace
from datetime import UTC, date, datetime
from unittest.mock import patch

import pytest

from tasks import ingest as module
from tasks import steps
from tasks.errors import SourceError
from tasks.ingest import PLAIN, Report, ingest
from tasks.landing import Manifest
from tasks.sources import SOURCES
from tasks.sources.accounts import Account
from tasks.sources.source import Resource
from tasks.sources.windows import split_in_pieces
from tasks.window import Window
from tests.flows import truth
from tests.path.scene import FIRST, TODAY, Scene, the_world

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


def test_what_several_pieces_say_with_other_numbers_is_told_once() -> None:
    notes = ["2 ads with 10.50 RUB are not known", "3 ads with 7 RUB are not known", "1 row was left"]
    report = Report("direct", "main", "ad day", WHOLE, "sandbox", datetime(2026, 3, 1, tzinfo=UTC), notes=notes)

    assert report.message.endswith("; 2 ads with 10.50 RUB are not known; and 1 such; 1 row was left")


def refuse_january(account: Account, resource: Resource, manifest: Manifest) -> steps.Validated:
    if manifest.window.first == JANUARY:
        raise SourceError("QTickets changed its orders. Nothing was loaded.")
    return steps.validate(account, resource, manifest)


@pytest.mark.parametrize("kept_rows", [200_000, 0])
def test_a_refusal_leaves_all_as_it_was_or_says_up_to_which_day_a_very_long_window_is_loaded(
    scene: Scene, kept_rows: int
) -> None:
    """`kept_rows`: up to how many all is prepared before anything is written."""
    by = replace(PLAIN, validate=refuse_january)
    with patch.object(module, "_KEPT_ROWS", kept_rows), pytest.raises(SourceError) as refusal:
        ingest(scene.product.account("qtickets"), WHOLE, str(uuid.uuid4()), by=by)

    words = "Nothing was loaded." if kept_rows else "Nothing more was loaded. The days up to 2025-12-31 are loaded."
    assert str(refusal.value) == f"QTickets changed its orders. {words}"
    assert scene.last_run()["message"].endswith(words)
    loaded = truth.sales(the_world())
    december = {key: figures for key, figures in loaded.items() if key[0] < JANUARY}
    scene.loaded("qtickets", first=TODAY)
    assert scene.sales() == {key: its for key, its in loaded.items() if key[0] == TODAY} | (
        {} if kept_rows else december
    )
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
    assert calls() == 2 * of_backfill
    scene.loaded("qtickets", first=TODAY)
    assert calls() == 3 * of_backfill
