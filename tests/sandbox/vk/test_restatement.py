"""A later view of the same world: the last days are told again, and differently."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from sandbox import World
from sandbox.vk import VkAdsApi


@pytest.fixture(scope="module")
def later(vk_world: World) -> World:
    return World.generate(until=vk_world.until + timedelta(days=4), days=44)


def by_day(get, api: VkAdsApi) -> dict[str, tuple[Decimal, int]]:
    params = {"id": api.cabinet.account_id, "date_from": "2026-10-15", "date_to": "2026-11-23"}
    rows = get("statistics/users/day.json", **params).json()["items"][0]["rows"]
    return {row["date"]: (Decimal(row["base"]["spent"]), row["base"]["vk"]["goals"]) for row in rows}


def test_recent_days_change_and_old_ones_do_not(get, api: VkAdsApi, later: World):
    before = by_day(get, api)
    api.cabinet.show(later)
    after = by_day(get, api)
    assert after["2026-11-23"][0] > before["2026-11-23"][0]
    assert sum(goals for _, goals in after.values()) > sum(goals for _, goals in before.values())
    changed = {day for day in before if before[day] != after[day]}
    assert changed
    assert min(changed) > "2026-11-08"


def test_spend_of_some_ad_and_day_falls(get, api: VkAdsApi, later: World):
    def rows() -> dict[tuple[int, str], Decimal]:
        ids = ",".join(map(str, known))
        answer = get("statistics/banners/day.json", id=ids, date_from="2026-11-15", date_to="2026-11-23").json()
        return {
            (item["id"], row["date"]): Decimal(row["base"]["spent"])
            for item in answer["items"]
            for row in item["rows"]
        }

    known = api.cabinet.known("banners")
    before = rows()
    api.cabinet.show(later)
    after = rows()
    assert any(after[key] < before[key] for key in before)
    assert any(after[key] > before[key] for key in before)


def test_the_current_day_moves_only_with_the_view(get, api: VkAdsApi, later: World):
    params = {"id": api.cabinet.account_id, "date_from": "2026-11-22"}
    path = "statistics/users/day.json"
    assert get(path, **params).json()["items"][0]["rows"][-1]["date"] == "2026-11-23"
    api.cabinet.show(later)
    assert get(path, **params).json()["items"][0]["rows"][-1]["date"] == "2026-11-27"
