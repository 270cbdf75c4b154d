"""All sources: the one list to which a new source is added."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from flows import qtickets, vk_ads, yandex_direct
from flows.source import Source


class Registered(NamedTuple):
    """A source and its ingestion flow, which takes days, date_from, date_to, refresh and env."""

    source: Source
    flow: Callable[..., Any]


SOURCES: dict[str, Registered] = {
    registered.source.name: registered
    for registered in (
        Registered(qtickets.SOURCE, qtickets.qtickets),
        Registered(vk_ads.SOURCE, vk_ads.vk_ads),
        Registered(yandex_direct.SOURCE, yandex_direct.yandex_direct),
    )
}
