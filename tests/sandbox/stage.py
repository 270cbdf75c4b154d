"""All APIs of one living world, for the tests of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sandbox import QticketsApi, World
from sandbox.direct import DirectApi
from sandbox.living import Living
from sandbox.vk import VkAdsApi

DAYS, SCALE = 3, 0.3
# Half an hour before a day ends in Moscow, a week before the year and the season do.
START = datetime(2026, 12, 24, 20, 30, tzinfo=UTC)
Document = dict[str, Any]


@dataclass
class Stage:
    """All APIs of a living world."""

    qtickets: QticketsApi
    vk: VkAdsApi
    direct: DirectApi
    living: Living

    @classmethod
    def of(cls, until: datetime = START, days: int = DAYS, scale: float = SCALE) -> Stage:
        world = World.generate(until=until, days=days, scale=scale)
        qtickets, vk, direct = QticketsApi.of(world), VkAdsApi.of(world), DirectApi.of(world)
        return cls(qtickets, vk, direct, Living(world, (qtickets.show, vk.cabinet.show, direct.show), (qtickets,)))

    def held(self) -> Document:
        """Everything that the APIs tell of."""
        cabinet = self.vk.cabinet
        found = (self.qtickets.orders, self.qtickets.events, cabinet.today, cabinet.campaigns, cabinet.groups)
        return {"objects": (*found, cabinet.banners, cabinet.days), "direct": (self.direct.world, self.direct.rows)}
