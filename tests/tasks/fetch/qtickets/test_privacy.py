"""Nothing personal and no secret leaves the client: not in rows, not in landed files, not in a log or an error."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from sandbox import SANDBOX_TOKEN, QticketsApi, World
from sandbox.world.secrets import MARK
from tasks.errors import SourceError
from tasks.fetch.qtickets import account, fetch_events, fetch_orders
from tasks.landing import Landing
from tasks.settings import Settings
from tasks.window import Window

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
WINDOW = Window(first=date(2026, 4, 23), last=date(2026, 7, 1))
SERVERS: dict[str, dict[str, Any]] = {
    "as asked": {},
    "whole documents": {"honour_select": False},
    "whole documents, no filter": {"honour_select": False, "honour_filters": False},
    "nothing but the page is read": {"honour_body": False, "honour_query": False},
}


@pytest.fixture(scope="module")
def personal(world: World) -> set[str]:
    strings = world.personal_strings()
    assert len(strings) > 10_000
    return strings


def leaks(text: str, personal: set[str]) -> set[str]:
    """Words first, which is fast; then what may stand within a word."""
    words = set(text.replace('"', " ").replace(",", " ").split())
    return (words & personal) | ({MARK, SANDBOX_TOKEN} & {part for part in (MARK, SANDBOX_TOKEN) if part in text})


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("fetch", [fetch_orders, fetch_events])
def test_nothing_personal_is_in_rows_files_manifests_and_logs(
    personal: set[str],
    api_of_world: Callable[..., QticketsApi],
    settings_for: Callable[..., Settings],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    fetch: Callable[[Settings, Window, datetime], Any],
    server: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    settings = settings_for(api_of_world(**SERVERS[server]))

    fetched = fetch(settings, WINDOW, NOW)
    manifest = Landing(str(tmp_path)).write("qtickets", "x", WINDOW, NOW, fetched)

    assert manifest.rows > 100
    frames = [pl.read_parquet(path) for path in tmp_path.rglob("*.parquet")]
    landed = "\n".join(frame.write_csv(separator=" ") for frame in frames)
    told = repr(fetched.rows) + manifest.model_dump_json() + caplog.text + repr(settings) + account(settings)
    assert leaks(landed + told, personal) == set()


def test_every_personal_string_of_one_day_is_searched_for_literally(
    world: World, api_of_world: Callable[..., QticketsApi], settings_for: Callable[..., Settings]
) -> None:
    """The slow way round, so that the words of the other tests are no blind spot."""
    day = Window(first=date(2026, 6, 20), last=date(2026, 6, 20))
    text = repr(fetch_orders(settings_for(api_of_world(honour_select=False)), day, NOW).rows)

    assert len(text) > 5_000
    assert [secret for secret in world.personal_strings() if secret in text] == []


@pytest.mark.parametrize("status", [403, 500, 503])
def test_a_failed_fetch_tells_neither_the_token_nor_what_was_answered(
    personal: set[str],
    api_of_world: Callable[..., QticketsApi],
    settings_for: Callable[..., Settings],
    caplog: pytest.LogCaptureFixture,
    status: int,
) -> None:
    caplog.set_level(logging.DEBUG)
    api = api_of_world()
    api.faults.add("status", status=status, times=99, after=2, body=repr(api.orders[5]))

    with pytest.raises(SourceError) as caught:
        fetch_orders(settings_for(api), WINDOW, NOW)

    assert leaks(caplog.text + "".join(traceback.format_exception(caught.value)), personal) == set()


def test_the_token_is_no_part_of_what_a_fetch_is_remembered_by(make_settings: Callable[..., Settings]) -> None:
    assert SANDBOX_TOKEN not in account(make_settings())
