"""A load that dies or fails anywhere harms nothing, and the next one asks the API for nothing twice."""

import uuid
from datetime import date

import pytest

from tasks.sources import SOURCES as DECLARED
from tasks.steps import RESUMED_WITHIN
from tests.flows import ad_truth, truth
from tests.path.scene import FIRST, TODAY, YESTERDAY, Scene, the_world
from tests.support.product import killer


def exact(scene: Scene, source: str) -> None:
    if source == "qtickets":
        assert scene.sales() == truth.sales(the_world())
    else:
        assert scene.product.held(source) == ad_truth.facts(the_world(), source, FIRST, YESTERDAY)


def die_after_the_fetch(scene: Scene, source: str, **options: str) -> int:
    """How many calls it made before."""
    calls, hook = scene.stage.calls, killer(12, after=False)
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
    exact(scene, source)
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


def test_open_days_are_fetched_by_each_run_and_settled_ones_once(scene: Scene) -> None:
    """Unless asked otherwise, or what has landed is gone or torn."""

    def calls_of(**options: bool) -> int:
        before = scene.stage.calls
        scene.loaded("vk_ads", last=YESTERDAY, **options)
        return scene.stage.calls - before

    calls_of()  # with a call for the token
    first = calls_of()
    assert calls_of() == first > 0
    scene.clock.move(days=DECLARED["vk_ads"].restated_days + 1)
    assert calls_of() == first, "what was fetched while the days could change is no answer for ever"
    assert calls_of() == 0
    assert calls_of(refresh=True) == first
    scene.product.forget_fetches()
    assert calls_of() == first
    for part in scene.product.landing.rglob("*.parquet"):
        part.write_bytes(bytes(part.stat().st_size))
    failed = scene.load("vk_ads", last=YESTERDAY)
    assert (failed.status, "not as it was written" in failed.message) == ("failed", True)
    assert calls_of() == first
    exact(scene, "vk_ads")


def test_a_backfill_that_failed_goes_on_where_it_ended(scene: Scene) -> None:
    """Windows of December and January; the API breaks down in the second one."""
    assert scene.product.backfill("qtickets", FIRST, date(2025, 12, 31)).status == "success"
    scene.stage.qtickets.faults.add("status", "/orders", times=99, status=500)
    assert scene.product.backfill("qtickets", FIRST, TODAY).status == "failed"
    ends = scene.product.select("SELECT status FROM meta_job_runs ORDER BY started_at, _ver")["status"]
    assert ends.to_list() == ["success", "failed"]
    scene.stage.calm()

    done = scene.product.backfill("qtickets", FIRST, TODAY)

    assert done.message.endswith(": 1 window loaded, 1 was done")
    exact(scene, "qtickets")
    calls = scene.stage.calls
    assert scene.product.backfill("qtickets", FIRST, TODAY).message.endswith(": 1 window loaded, 1 was done")
    assert scene.stage.calls > calls, "today's window is not over"
    assert "2 windows loaded" in scene.product.backfill("qtickets", FIRST, TODAY, refresh=True).message
