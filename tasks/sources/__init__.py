"""What each source is, as data, and all of them by name. CONTRIBUTING.md says where else a new one is told of."""

from __future__ import annotations

from tasks.errors import UsageError
from tasks.settings import Settings
from tasks.sources import costs, direct, qtickets, vk_ads
from tasks.sources.source import Source
from tasks.unread import did_you_mean

SOURCES: dict[str, Source] = {
    source.name: source for source in (qtickets.SOURCE, vk_ads.SOURCE, direct.SOURCE, costs.SOURCE)
}


def source_named(name: str) -> Source:
    """Raises UsageError."""
    if name not in SOURCES:
        # `vk`, as its settings begin, is near enough.
        near = did_you_mean(name, SOURCES, 0.4)
        raise UsageError(
            f"There is no source {name or 'without a name'}{near or '.'} Sources: {', '.join(SOURCES)}."
        )
    return SOURCES[name]


def in_use(settings: Settings) -> dict[str, Source]:
    """Those of ZAKAZ_SOURCES; where it is not set, all, the costs file only if there is one. Raises UsageError."""
    named = settings.zakaz_sources or [name for name, source in SOURCES.items() if source.is_set(settings)]
    if unknown := [name for name in named if name not in SOURCES]:
        near = did_you_mean(unknown[0], SOURCES, 0.4)
        raise UsageError(f"ZAKAZ_SOURCES names {', '.join(unknown)}{near or '.'} There are {', '.join(SOURCES)}.")
    return {name: source for name, source in SOURCES.items() if name in named}


def left_out(settings: Settings) -> set[str]:
    """Names of sources that are not in use; their deployments and automations have them as tags."""
    return set(SOURCES) - set(in_use(settings))
