"""A load that is refused: one line that says what to do, a failed run in the history, and what is loaded stays."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tasks.settings import Settings
from tests.path.scene import TABLES, Scene, scene_of, the_world
from tests.support.fixtures import new_database

HELD = (*TABLES.values(), "dim_events", "stg_qtickets_sales_raw", "agg_marketing_daily")
WRONG = "wrong-token-4711"
ALWAYS = 99


@dataclass(frozen=True)
class Case:
    """What happens, words of the line, and how many requests may be made in all, where that matters."""

    source: str
    happens: Callable[[Scene], object]
    words: tuple[str, ...]
    requests: int | None = None


def setting(**values: object) -> Callable[[Scene], None]:
    def change(scene: Scene) -> None:
        typed = Settings(_env_file=None, **values)  # type: ignore[arg-type]
        scene.product.settings = scene.product.settings.model_copy(update={n: getattr(typed, n) for n in values})

    return change


def fault(api: str, kind: str, path: str = "*", **options: Any) -> Callable[[Scene], object]:
    return lambda scene: scene.stage.faults(api).add(kind, path, times=ALWAYS, **options)


def all_tokens_taken(scene: Scene) -> None:
    scene.product.settings.vk_token_file.unlink(missing_ok=True)
    for _ in range(5):
        scene.stage.vk.tokens.issue()


def most_is_gone(scene: Scene) -> None:
    with scene.stage.qtickets.change() as api:
        del api.orders[50:]


def no_currency(scene: Scene) -> None:
    with scene.stage.qtickets.change() as api:
        for order in api.orders:
            del order["currency_id"]


def prices_are_gone(scene: Scene) -> None:
    with scene.stage.qtickets.change() as api:
        for order in api.orders:
            for basket in order["baskets"]:
                basket["price"] = -5


CASES = {
    "a wrong Direct token": Case(
        "direct", setting(direct_token=WRONG), ("code 53", "DIRECT_TOKEN", "secrets/.env.direct"), 1
    ),
    "all VK tokens taken": Case("vk_ads", all_tokens_taken, ("all five are taken", "VK_TOKEN"), 1),
    "most orders gone": Case("qtickets", most_is_gone, ("no longer sends", "of the money", "Nothing was removed")),
    "a wrong QTickets token": Case("qtickets", setting(qtickets_token=WRONG), ("refused", "QTICKETS_TOKEN"), 1),
    "no landing area": Case("vk_ads", setting(landing_url="s4://host/folder"), ("The landing area", "LANDING_URL"), 0),
    "no host": Case("qtickets", setting(qtickets_base_url="http://127.0.0.1:9/api"), ("127.0.0.1 cannot be reached",)),
    "an error as a page": Case("qtickets", fault("qtickets", "error_as_page"), ("without `data`",)),
    "a column gone": Case("qtickets", no_currency, ("changed its orders", "no longer sends currency")),
    "much of the money wrong": Case("qtickets", prices_are_gone, ("rows wrong", "price is negative")),
    "real data into made-up ones": Case(
        "qtickets", setting(qtickets_base_url="https://qtickets.invalid/api"), ("must not be mixed",), 0
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def held(clickhouse_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A loaded warehouse that no test may change."""
    with (
        new_database(clickhouse_dsn) as database,
        scene_of(the_world(), clickhouse_dsn, database, tmp_path_factory.mktemp("held")) as made,
    ):
        made.loaded()
        yield made


@pytest.mark.parametrize("name", CASES)
def test_one_line_says_it_and_nothing_is_lost(held: Scene, name: str, caplog: pytest.LogCaptureFixture) -> None:
    case, settings = CASES[name], held.product.settings
    held.stage.calm()
    held.stage.show(the_world())
    held.clock.move(hours=2)
    before = held.tables(*HELD)
    token = settings.vk_token_file.read_text()
    case.happens(held)
    try:
        outcome = held.load(case.source, refresh=True)
    finally:
        held.product.settings = settings
        settings.vk_token_file.write_text(token)

    assert (outcome.status, [word for word in case.words if word not in outcome.message]) == ("failed", []), outcome
    assert "\n" not in outcome.message
    assert WRONG not in outcome.message + caplog.text
    if case.requests is not None:
        asked = [request for api in ("qtickets", "vk", "direct") for request in held.stage.requests(api)]
        assert len(asked) == case.requests, "it is not tried again and again"
    if case.requests != 0:
        run = held.last_run()
        assert (run["job"], run["status"]) == (f"{case.source}_loader", "failed")
        assert run["message"].endswith(outcome.message)
        assert run["finished_at"] is not None
    assert held.tables(*HELD) == before
