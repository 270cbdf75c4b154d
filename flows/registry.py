"""All sources: the one list to which a new source is added."""

from __future__ import annotations

from typing import Any, NamedTuple

from prefect import Flow

from flows import qtickets, vk_ads, yandex_direct
from flows.source import Source
from tasks.errors import UsageError
from tasks.settings import Settings


class Registered(NamedTuple):
    """A source and its ingestion flow, which takes days, date_from, date_to and refresh."""

    source: Source
    flow: Flow[..., Any]


def in_use(settings: Settings) -> dict[str, Registered]:
    """Those of ZAKAZ_SOURCES, all where it is not set. Raises UsageError."""
    if unknown := [name for name in settings.zakaz_sources if name not in SOURCES]:
        raise UsageError(f"ZAKAZ_SOURCES names {', '.join(unknown)}. There are {', '.join(SOURCES)}.")
    return {name: registered for name, registered in SOURCES.items() if name in (settings.zakaz_sources or SOURCES)}


def tags_left_out(settings: Settings) -> set[str]:
    """Tags, in prefect.yaml and automations.yaml, of sources that are not in use: the names of their flows."""
    used = in_use(settings)
    return {str(registered.flow.name) for name, registered in SOURCES.items() if name not in used}


SOURCES: dict[str, Registered] = {
    registered.source.name: registered
    for registered in (
        Registered(qtickets.SOURCE, qtickets.qtickets),
        Registered(vk_ads.SOURCE, vk_ads.vk_ads),
        Registered(yandex_direct.SOURCE, yandex_direct.yandex_direct),
    )
}
