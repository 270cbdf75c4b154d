"""A flow of several accounts on a Prefect server: a run of its own for each, and one that fails is told of alone."""

import re
from collections import Counter
from typing import Any

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State

from flows.accounts import PART
from flows.backfill import backfill
from flows.vk_ads import vk_ads
from ops.server import manifest
from tests.flows import ad_truth
from tests.flows.conftest import Scene
from tests.flows.test_runs import artifact, within
from tests.support.receiver import Receiver


def recorded(scene: Scene) -> list[tuple[Any, ...]]:
    """Account, status and run of each row of the history."""
    return scene.product.select("SELECT account, status, run_id FROM meta_job_runs ORDER BY account").rows()


def test_each_account_is_a_run_of_its_own(settled: Scene) -> None:
    other, window = settled.add("vk"), settled.window
    both: State[Any] = vk_ads(**settled.days, return_state=True)

    assert both.message == "2 аккаунта: main, spb"
    runs = within(both)
    main, spb = (runs[f"{name} from {window.first} to {window.last}"] for name in ("vk_ads", "vk_ads spb"))
    assert recorded(settled) == [("main", "success", str(main.id)), ("spb", "success", str(spb.id))]
    assert main.tags == spb.tags == [PART] == [manifest.PART], "the server looks for a run that is gone by it"
    for name, world in (("main", settled.world), ("spb", other)):
        assert settled.product.held("vk_ads", name) == ad_truth.facts(world, "vk_ads", window.first, window.last)
    with get_client(sync_client=True) as client:
        assert artifact(client, "vk-ads-spb-load").startswith(f"## VK Ads spb, {window}")

    settled.stage.vk.requests.clear()
    one: State[Any] = vk_ads(**settled.days, refresh=True, account="spb", return_state=True)
    assert (one.is_completed(), within(one)) == (True, {})
    assert Counter(request.account for request in settled.stage.vk.requests).keys() == {"spb"}


def test_an_account_that_fails_is_told_of_alone_and_its_end_too(open_days: Scene, told: Receiver) -> None:
    open_days.add("vk")

    def load(failing: str = "", account: str | None = None) -> list[str]:
        """The titles of the messages."""
        told.messages.clear()
        open_days.stage.calm()
        if failing:
            open_days.stage.vk.faults.add("disconnect", "*", times=99, account=failing)
        state: State[Any] = vk_ads(**open_days.days, account=account, return_state=True)
        assert state.is_failed() == bool(failing)
        other = "main" if failing == "spb" else "spb"
        assert not failing or re.search(f"^{failing}: .*[^.]\\. Загружено: {other}$", str(state.message))
        return [message.split("\n")[0] for message in told.messages]

    assert load("spb") == ["Zakaz: сбой — VK Ads spb"]
    assert [row[:2] for row in recorded(open_days)] == [("main", "success"), ("spb", "failed")]
    assert load("spb") == load(account="main") == [], "it was told, and is not over"
    assert load() == ["Zakaz: Исправлено: сбой — VK Ads spb"]


def test_a_backfill_of_several_accounts(settled: Scene) -> None:
    settled.add("vk")
    first = settled.window.first
    settled.stage.vk.faults.add("disconnect", "*", times=99, account="main")
    failed: State[Any] = backfill("vk_ads", first, settled.window.last, return_state=True)

    assert str(failed.message).endswith(". Загружено: spb")
    runs = within(failed)
    words = f"from {first} to {settled.window.last}"
    assert {name: run.state.name for name, run in runs.items() if run.state} == {
        f"backfill vk_ads {words}": "Failed", f"backfill vk_ads spb {words}": "Completed",
    }  # fmt: skip
    settled.stage.calm()
    again: State[Any] = backfill("vk_ads", first, settled.window.last, return_state=True)
    assert {name: words.partition(": ")[2] for name, words in again.result().items()} == {
        "main": "1 window loaded, 0 were done", "spb": "0 windows loaded, 1 was done",
    }  # fmt: skip
    assert [row[:2] for row in recorded(settled)] == [("main", "failed"), ("main", "success"), ("spb", "success")]
