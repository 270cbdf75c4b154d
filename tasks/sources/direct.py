"""Yandex Direct: what each ad showed, cost and brought, by day."""

from __future__ import annotations

from tasks.fetch import direct as api
from tasks.fetch import probes
from tasks.sources.ads import AD_TAGS, CAMPAIGNS, MARKETING, ad_days, ad_facts, told_beside
from tasks.sources.source import Source
from tasks.transform import direct as to
from validation import ads as must

# Figures settle within three days as a rule, conversions later; corrected older days are asked for as well.
SOURCE = Source(
    name="direct",
    word="direct",
    title="Yandex Direct",
    job="direct_loader",
    noun="ad day",
    version=api.VERSION,
    reads=api.reads,
    credential=api.credential,
    names_itself=True,
    listed="direct_login",
    check_settings=api.check_settings,
    probe=probes.direct,
    resources=(ad_days(api.fetch_ad_days, must.raw_direct, money="cost"),),
    outputs=(ad_facts("fact_direct_daily", to.ad_days, to.unreadable), *told_beside("direct")),
    marts=(MARKETING, CAMPAIGNS, AD_TAGS),
    days=7,
    shown_by_day=("ads", "fact_direct_daily"),
    restated_days=90,
    lag_days=1,
    history_days=api.HISTORY_DAYS,
    piece_months=3,
)
