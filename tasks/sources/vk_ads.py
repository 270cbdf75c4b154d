"""VK Ads: what each ad showed, cost and brought, by day."""

from __future__ import annotations

from tasks.fetch import probes
from tasks.fetch import vk_ads as api
from tasks.sources.ads import AD_TAGS, CAMPAIGNS, MARKETING, ad_days, ad_facts, told_beside
from tasks.sources.source import Source
from tasks.transform import vk_ads as to
from validation import ads as must

# No official word says how long VK restates a day; loaders in use read back 7 to 30 days.
SOURCE = Source(
    name="vk_ads",
    word="vk",
    title="VK Ads",
    job="vk_ads_loader",
    noun="ad day",
    version=api.VERSION,
    reads=api.reads,
    credential=api.credential,
    names_itself=True,
    listed="vk_agency_client",
    check_settings=api.check_settings,
    probe=probes.vk_ads,
    resources=(ad_days(api.fetch_ad_days, must.raw_vk, money="spent"),),
    outputs=(ad_facts("fact_vk_ads_daily", to.ad_days, to.unreadable, ("ad_id",)), *told_beside("vk_ads")),
    marts=(MARKETING, CAMPAIGNS, AD_TAGS),
    days=14,
    shown_by_day=("ads", "fact_vk_ads_daily"),
    restated_days=30,
    lag_days=1,
    history_days=api.HISTORY_DAYS,
    piece_months=3,
)
