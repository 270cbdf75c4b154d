"""The tags of orders come from the ads of the world, so advertising figures can be joined to sales."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from datetime import timedelta
from zoneinfo import ZoneInfo

from sandbox import World
from sandbox.world.clock import moscow_day


def test_ads_have_unique_ids_and_known_events(world: World):
    ids = Counter((ad.source, ad.ad_id) for ad in world.ads)
    assert set(ids.values()) == {1}
    assert {ad.source for ad in world.ads} == {"vk_ads", "direct"}
    cities = {event.id: event.city.name for event in world.events}
    assert all(cities[ad.event_id] == ad.city for ad in world.ads)


def test_a_group_has_one_campaign_and_a_campaign_one_event(world: World):
    for key in ("group_id", "campaign_id"):
        parents = {(ad.source, getattr(ad, key)): (ad.campaign_id, ad.event_id) for ad in world.ads}
        assert all(parents[ad.source, getattr(ad, key)] == (ad.campaign_id, ad.event_id) for ad in world.ads)


def test_tags_name_city_and_a_day_of_the_show_in_local_time_unless_another_style_is_meant(world: World):
    events = {event.id: event for event in world.events}
    by_convention = set()
    for ad in world.ads:
        event = events[ad.event_id]
        match = re.fullmatch(r"([a-z]+|МСК)_(\d\d)_(\d\d)", ad.tags.get("utm_content", ""))
        if match:
            assert match[1] in (event.city.code, "МСК")
            days = {show.starts_at.astimezone(ZoneInfo(event.city.timezone)).date() for show in event.shows}
            assert (int(match[2]), int(match[3])) in {(when.day, when.month) for when in days}
            by_convention.add((ad.source, ad.ad_id))
    assert 0.5 < len(by_convention) / len(world.ads) < 0.9


def test_ads_with_macros_name_campaign_and_ad(world: World):
    with_macros = [ad for ad in world.ads if ad.link and ("{ad_id}" in ad.link or "{{banner_id}}" in ad.link)]
    assert {ad.source for ad in with_macros} == {"vk_ads", "direct"}
    for ad in with_macros:
        assert (ad.tags["utm_campaign"], ad.tags["utm_content"]) == (str(ad.campaign_id), str(ad.ad_id))


def test_orders_carry_tags_of_ads_of_their_event_that_have_started_and_not_long_ended(world: World):
    known = defaultdict(list)
    for ad in world.ads:
        known[ad.event_id, tuple(ad.tags.items())].append(ad)
    paid_for = [order for order in world.orders if order.utm.get("utm_medium") == "cpc"]
    assert 0.2 < len(paid_for) / len(world.orders) < 0.45
    for order in paid_for:
        day = moscow_day(order.created_at)
        candidates = known[order.event_id, tuple(order.utm.items())]
        assert any(ad.starts <= day <= ad.ends + timedelta(days=14) for ad in candidates)


def test_about_half_the_orders_have_no_tags_and_some_have_few_or_a_list(world: World):
    without = sum(not order.utm for order in world.orders)
    assert 0.4 < without / len(world.orders) < 0.6
    sources = {order.utm.get("utm_source") for order in world.orders}
    assert {"yandex", "vk", "insta", "tg", None} <= sources
    assert any(len(order.utm) in (1, 2) for order in world.orders)
    assert any(order.utm_as_list for order in world.orders)
