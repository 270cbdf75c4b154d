"""Which earlier fetch a run may use again."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tasks import steps
from tasks.landing import Fetched, Manifest
from tasks.load import runs
from tasks.load.runs import Run
from tasks.load.warehouse import warehouse
from tasks.settings import Settings
from tasks.sources.accounts import Account
from tasks.sources.qtickets import SOURCE as QTICKETS
from tasks.steps import Fetch
from tasks.window import Window
from tests.tasks.load.engines import emptied

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

    def make(
        window: Window,
        run_id: str = "second",
        late: timedelta = timedelta(minutes=1),
        account: str = "main",
        resource: int = 0,
        **change: Any,
    ) -> Fetch:
        run = Run(QTICKETS.job, run_id, NOW + late, account)
        asks = replace(QTICKETS.resources[resource], fetch=api, beside=())
        return Fetch(Account(replace(QTICKETS, **change), account, settings), asks, window, run)

    return make


def fetch_first(asked: Callable[..., Fetch], window: Window, status: str) -> Manifest:
    """A run `first` fetches at noon and comes to this end."""
    ask = asked(window, "first", timedelta(0))
    manifest = steps.fetch(ask, refresh=False)
    with warehouse(ask.settings) as client:
        runs.begin(client, ask.run, "loading")
        if status != "running":
            runs.end(client, ask.run, status, 1, "done", {})
    return manifest


@pytest.mark.parametrize(
    ("window", "status", "given", "is_used"),
    [
        # Settled days: whatever became of the run, and for as long as the fetch is there.
        (SETTLED, "success", {}, True),
        (SETTLED, "failed", {"late": timedelta(hours=11)}, True),
        # Open days: of a run that failed, or of the same run, and for an hour.
        (OPEN, "failed", {}, True),
        (OPEN, "failed", {"late": timedelta(hours=1, seconds=1)}, False),
        (OPEN, "success", {}, False),
        (OPEN, "running", {"run_id": "first"}, True),
        (OPEN, "running", {"run_id": "first", "late": timedelta(hours=2)}, False),
        # Another request.
        (SETTLED, "success", {"version": "other"}, False),
        (SETTLED, "success", {"account": "spb"}, False),
        (SETTLED, "success", {"reads": lambda _: "https://a.ru#other"}, False),
    ],
)
def test_which_fetch_is_used_again(
    asked: Callable[..., Fetch], api: Api, window: Window, status: str, given: dict[str, Any], is_used: bool
) -> None:
    first = fetch_first(asked, window, status)
    manifest = steps.fetch(asked(window, **given), refresh=False)
    assert (manifest == first, api.fetches) == (is_used, 1 if is_used else 2)


def test_nobody_uses_a_fetch_with_a_warning_and_refresh_uses_none(asked: Callable[..., Fetch], api: Api) -> None:
    api.warnings = ("no tags",)
    first = fetch_first(asked, SETTLED, "success")
    api.warnings = ()
    second = steps.fetch(asked(SETTLED), refresh=False)
    assert second != first
    assert steps.fetch(asked(SETTLED), refresh=False) == second
    third = steps.fetch(asked(SETTLED, late=timedelta(minutes=2)), refresh=True)
    assert (third != second, api.fetches) == (True, 3)
    assert third.version > second.version > first.version, "the later read has the higher version"


@pytest.mark.parametrize(("since", "is_used"), [(None, False), (NOW, True), (NOW + timedelta(seconds=1), False)])
def test_what_does_not_depend_on_the_window_is_fetched_once_in_a_backfill(
    asked: Callable[..., Fetch], api: Api, since: datetime | None, is_used: bool
) -> None:
    """`since`: when the backfill began; None: a load of its own."""
    events = asked(SETTLED, "first", timedelta(0), resource=1)
    first = steps.fetch(events, refresh=False)
    token = steps.described_since.set(since)
    try:
        again = steps.fetch(asked(OPEN, late=timedelta(hours=2), resource=1), refresh=False)
    finally:
        steps.described_since.reset(token)
    assert (again == first, api.fetches) == (is_used, 1 if is_used else 2)
