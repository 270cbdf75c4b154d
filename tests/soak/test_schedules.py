"""A random schedule ends exact, of which `make soak` tries many; and some that once did not, or are worth their own name."""

import uuid
from collections.abc import Iterator

import pytest

from tests.soak.runner import Runner, runner, try_one
from tests.soak.scene import SOURCES
from tests.soak.schedule import Step

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def made(clickhouse_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    with runner(clickhouse_dsn, tmp_path_factory.mktemp("soak"), f"soak_{uuid.uuid4().hex[:8]}") as ready:
        yield ready


def _load(source: str, **options: object) -> Step:
    return Step("load", {"source": source, "back": 0, "days": 40, "seconds": 61, **options})


def _change(what: str, pick: float, **options: object) -> Step:
    return Step(what, {"source": "direct", "pick": pick, "by": 0.5, "days": -5, **options})


SCHEDULES = {
    "a run that died before it wrote, resumed, whose days two newer ones have covered together": [
        _load("qtickets", kill=50, after=False), _change("vanish_order", 0.6), _load("qtickets", days=4),
        _load("qtickets", back=4), Step("again", {"pick": 0}),
    ],
    # Of sales tests/path/test_interrupted.py dies after each write.
    "a load of ads with rows to insert, to change and to delete that is killed among its writes": [
        *map(_load, SOURCES), _change("restate", 0.8, source="vk_ads"), _change("vanish_day", 0.9, source="vk_ads"),
        Step("time", {"hours": 26}), _load("vk_ads", kill=42, after=True),
    ],
}  # fmt: skip


def test_a_random_schedule_ends_exact(made: Runner) -> None:
    result = try_one(made, 1, longest=6)
    assert not result.wrong, "\n".join([result.wrong, *map(str, result.steps)])


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_known_schedule_ends_exact(made: Runner, name: str) -> None:
    made.carry_out(3, SCHEDULES[name])
    assert made.happened["killed"], made.happened
