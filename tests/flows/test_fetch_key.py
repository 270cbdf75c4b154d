"""For what a fetch is kept: another window, version of the fetch or form of its manifest is another fetch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from flows.qtickets import SOURCE
from tasks import steps
from tasks.landing import Manifest
from tasks.settings import Settings
from tasks.window import Window

SETTLED = Window(first=date(2020, 3, 1), last=date(2020, 3, 31))


class WithMore(Manifest):
    """What a later version of this program would read."""

    proved: bool


def test_what_was_fetched_for_another_question_or_by_another_version_is_fetched_again(
    make_settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    context: Any = SimpleNamespace(task_run=SimpleNamespace(flow_run_id="run-1"))

    def key(**given: Any) -> str:
        usual = {"source": SOURCE, "resource": SOURCE.resources[0], "window": SETTLED}
        return steps._fetch_key(context, usual | {"settings": make_settings(qtickets_token="t")} | given)

    first = key()
    assert key() == first
    others = [
        key(window=Window(first=date(2020, 3, 1), last=date(2020, 3, 30))),
        key(source=replace(SOURCE, version="0")),
        key(resource=SOURCE.resources[1]),
        key(settings=make_settings(qtickets_token="u")),
    ]
    monkeypatch.setattr(steps, "Manifest", WithMore)
    others.append(key())

    assert len({first, *others}) == 6
