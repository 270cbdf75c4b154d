"""Which earlier fetch a run may use again."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from tasks import steps
from tasks.landing import Fetched
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


@pytest.mark.parametrize(("since", "is_used"), [(None, False), (NOW, True), (NOW + timedelta(seconds=1), False)])
def test_what_does_not_depend_on_the_window_is_fetched_once_in_a_backfill(
    asked: Callable[..., Fetch], monkeypatch: pytest.MonkeyPatch, since: datetime | None, is_used: bool
) -> None:
    """`since`: when the backfill began; None: a load of its own."""
    first = steps.fetch(asked(SETTLED, timedelta(0), resource=1), refresh=False)
    monkeypatch.setattr(steps, "described_since", SimpleNamespace(get=lambda: since))
    again = steps.fetch(asked(OPEN, late=timedelta(hours=2), resource=1), refresh=False)
    assert (again == first) == is_used
