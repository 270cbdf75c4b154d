"""Advertising figures belong to one timeline: newest days are restated, older ones stay as they are."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from urllib.parse import parse_qsl, urlsplit

import pytest

from sandbox import World
from sandbox.world.clock import moscow_day
from sandbox.world.spend import AdDay, ad_days

UNTIL = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
TODAY = date(2026, 11, 23)
SETTLES = {"direct": 7, "vk_ads": 14}


def keyed(rows: list[AdDay]) -> dict[tuple[date, str, int], AdDay]:
    found = {(row.day, row.ad.source, row.ad.ad_id): row for row in rows}
    assert len(found) == len(rows)
    return found


def view(until: datetime, days: int = 60) -> dict[tuple[date, str, int], AdDay]:
    return keyed(ad_days(World.generate(until=until, days=days, scale=0.5)))


@pytest.fixture(scope="module")
def now() -> dict[tuple[date, str, int], AdDay]:
    return view(UNTIL)


@pytest.fixture(scope="module")
def tomorrow() -> dict[tuple[date, str, int], AdDay]:
    return view(UNTIL + timedelta(days=1), days=61)


def test_the_same_view_tells_the_same(now):
    assert view(UNTIL) == now


def test_a_day_later_days_older_than_two_keep_traffic_and_spend(now, tomorrow):
    settled = [key for key in now if (TODAY - key[0]).days >= 3]
    assert settled
    for key in settled:
        old, new = now[key], tomorrow[key]
        assert (old.impressions, old.clicks, old.spent) == (new.impressions, new.clicks, new.spent)


def test_a_day_later_the_newest_days_have_grown(now, tomorrow):
    for age in range(3):
        day = TODAY - timedelta(days=age)
        before = sum(row.impressions for row in now.values() if row.day == day)
        after = sum(row.impressions for row in tomorrow.values() if row.day == day)
        assert before < after
    assert {key for key in now if key not in tomorrow} == set()


def test_some_clicks_and_their_money_are_taken_back(now, tomorrow):
    fallen = [key for key, row in now.items() if tomorrow[key].clicks < row.clicks]
    assert {source for _, source, _ in fallen} == {"direct", "vk_ads"}
    assert any(tomorrow[key].spent < now[key].spent for key in fallen)
    assert all((TODAY - day).days < 3 for day, _, _ in fallen)


@pytest.mark.parametrize("source", ["direct", "vk_ads"])
def test_conversions_only_grow_and_settle_at_their_source_s_age(now, source: str):
    much_later = view(UNTIL + timedelta(days=20), days=80)
    changed = Counter()
    for key, row in now.items():
        if key[1] == source:
            assert row.conversions <= much_later[key].conversions
            changed[(TODAY - key[0]).days] += row.conversions != much_later[key].conversions
    ages = {age for age, count in changed.items() if count}
    assert max(ages) >= SETTLES[source] // 2
    assert max(ages) < SETTLES[source]


def test_a_longer_world_tells_the_same_of_the_days_both_have(now):
    longer = view(UNTIL, days=90)
    assert {key: row for key, row in longer.items() if key[0] > TODAY - timedelta(days=60)} == now


def test_figures_of_a_row_agree_with_each_other(now):
    for row in now.values():
        assert row.impressions >= row.clicks >= row.conversions >= 0
        assert row.spent >= 0
        assert row.spent == row.spent.quantize(Decimal("0.01"))
        assert row.ad.state(row.day) == "running"
        if row.ad.source == "direct" and row.clicks == 0:
            assert row.spent == 0


def test_an_ad_shows_and_costs_nothing_while_paused_and_once_deleted():
    rows = view(UNTIL, days=180).values()
    paused = [row.ad for row in rows if row.ad.paused]
    gone = [row.ad for row in rows if row.ad.deleted_on and row.ad.deleted_on < TODAY]
    assert paused
    assert gone
    shown = defaultdict(set)
    for row in rows:
        shown[row.ad.ad_id].add(row.day)
    for ad in paused:
        assert not any(ad.paused[0] <= day <= ad.paused[1] for day in shown[ad.ad_id])
    assert all(max(shown[ad.ad_id]) <= ad.deleted_on for ad in gone)


def test_every_city_is_advertised_and_every_oddity_is_there():
    world = World.generate(until=UNTIL, days=180, scale=0.2)
    rows = ad_days(world)
    assert {row.ad.city for row in rows} == {event.city.name for event in world.events}
    ads = {(row.ad.source, row.ad.ad_id): row.ad for row in rows}.values()
    for source in ("direct", "vk_ads"):
        own = [ad for ad in ads if ad.source == source]
        assert any(ad.clickless for ad in own)
        assert any(ad.paused for ad in own)
        assert any(ad.deleted_on for ad in own)
        assert any(not ad.tags for ad in own)
        assert any(ad.group_parameters for ad in own)
    assert any(ad.wizard for ad in ads)
    assert any(ad.campaign_parameters for ad in ads)
    assert any(ad.link is None for ad in ads)
    assert any(ad.group_parameters == "" for ad in ads)


def test_three_years_have_tens_of_thousands_of_ad_days():
    rows = ad_days(World.generate(until=UNTIL, days=1096, scale=0.01))
    assert 20_000 < len(rows) < 50_000
    at_full_size = World.generate(until=UNTIL, days=90, scale=1.0)
    assert 40 <= len({(row.ad.source, row.ad.ad_id) for row in ad_days(at_full_size)}) <= 80


def test_advertising_pays_in_some_campaigns_and_not_in_others(world: World):
    takings: dict[tuple[str, int], Decimal] = defaultdict(Decimal)
    sources = {"vk": "vk_ads", "vk_ads": "vk_ads", "yandex": "direct"}
    for order in world.orders:
        source = sources.get(order.utm.get("utm_source", ""))
        if source and order.payed_at and order.currency == "RUB":
            takings[source, order.event_id] += order.price
    spent: dict[tuple[str, int], Decimal] = defaultdict(Decimal)
    for row in ad_days(world):
        spent[row.ad.source, row.ad.event_id] += row.spent
    returns = [takings[key] / cost for key, cost in spent.items() if cost > 10_000]
    assert sum(value < 1 for value in returns) >= 5
    assert sum(value > Decimal("1.5") for value in returns) >= 5
    assert Decimal("0.8") < sum(takings.values()) / sum(spent.values()) < Decimal(3)
    assert any(spent[key] and not takings[key] for key in spent)
    assert any(takings[key] and not spent.get(key) for key in takings)


def test_spend_follows_the_scale():
    small, large = (
        sum((row.spent for row in ad_days(World.generate(until=UNTIL, days=30, scale=scale))), Decimal(0))
        for scale in (0.1, 1.0)
    )
    assert Decimal("0.05") < small / large < Decimal("0.2")
    assert ad_days(World.generate(until=UNTIL, days=30, scale=0)) == []


def test_tags_are_where_the_services_keep_them(world: World):
    """Worked out as a service does at the click: parameters of group, else campaign, win over those of the link."""
    for ad in world.ads:
        if ad.source == "vk_ads" and ad.group_parameters == "":
            assert ad.tags["utm_content"] == str(ad.ad_id)
            assert ad.tags["utm_campaign"] == str(ad.group_id)
            continue
        own = dict(parse_qsl(urlsplit(ad.link or "").query))
        found = {**own, **dict(parse_qsl(ad.group_parameters or ad.campaign_parameters or ""))}
        macros = {
            "{campaign_id}": ad.campaign_id, "{{ad_plan_id}}": ad.campaign_id,
            "{ad_id}": ad.ad_id, "{{banner_id}}": ad.ad_id, "{keyword}": ad.tags.get("utm_term"),
        }  # fmt: skip
        assert {key: str(macros.get(value, value)) for key, value in found.items()} == ad.tags


def test_a_running_day_is_known_as_far_as_it_has_passed():
    noon, night = (datetime(2026, 11, 23, hour, tzinfo=UTC) for hour in (9, 20))
    figures = [
        sum(row.impressions for row in ad_days(World.generate(until=until, days=1)) if row.day == moscow_day(until))
        for until in (noon, night)
    ]
    assert 0.4 < figures[0] / figures[1] < 0.7
