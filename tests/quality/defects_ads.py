"""What goes wrong with advertising, and which checks must say so."""

from __future__ import annotations

from tests.quality.breaking import MAIN, ONE_AD, changed, copied, doubled, vk
from tests.quality.harness import Defect

ONE_ROW = "(stat_date, ad_id) = (SELECT {today} - 4, min(ad_id) FROM fact_direct_daily WHERE ad_id != 0 AND stat_date = {today} - 4)"

ADS = (
    Defect(
        "Direct stopped three days ago",
        "freshness_data, silent_campaign",
        ("DELETE FROM fact_direct_daily WHERE stat_date >= {today} - 2",),
        True,
    ),
    Defect(
        "a hole in the days of VK",
        "completeness_ads",
        ("DELETE FROM fact_vk_ads_daily WHERE stat_date = {today} - 9",),
        True,
    ),
    Defect(
        "yesterday's spend is halved", "volume_spend", (vk("spent = spent / 2", "stat_date = {today} - 1"),), True
    ),
    Defect(
        "yesterday's spend is tripled",
        "volume_spend",
        (changed("fact_direct_daily", "spent = spent * 3", "stat_date = {today} - 1"),),
        True,
    ),
    Defect("VK ad days stand twice", "duplicates_vk_ads", doubled("fact_vk_ads_daily", "stat_date")),
    Defect("Direct ad days stand twice", "duplicates_direct", doubled("fact_direct_daily", "stat_date")),
    Defect(
        "an account under two names",
        "duplicates_ads",
        (copied("fact_direct_daily", "stat_date >= {today} - 30", "'promoter_login' AS account_id"),),
        True,
    ),
    Defect(
        "clicks above impressions", "clicks_above_impressions", (vk("clicks = impressions + 100", ONE_AD),), True
    ),
    Defect(
        "spend without impressions", "spend_without_impressions", (vk("impressions = 0, clicks = 0", ONE_AD),), True
    ),
    Defect("spend below zero", "negative_values", (vk("spent = -spent", ONE_AD),), True),
    Defect(
        "ad days of tomorrow",
        "future_values",
        (copied("fact_vk_ads_daily", ONE_AD, "{today} + 1 AS stat_date"),),
        True,
    ),
    Defect(
        "a main campaign fell silent",
        "silent_campaign",
        (
            vk("spent = spent * 2", f"campaign_id = {MAIN}"),
            f"DELETE FROM fact_vk_ads_daily WHERE campaign_id = {MAIN} AND stat_date >= {{today}} - 2",
        ),
        True,
    ),
    Defect(
        "several campaigns fell silent at once",
        "silent_campaign",
        (
            "DELETE FROM fact_vk_ads_daily WHERE stat_date >= {today} - 2 AND campaign_id IN (SELECT campaign_id FROM fact_vk_ads_daily WHERE stat_date > {today} - 17 AND utm_city != '' GROUP BY campaign_id HAVING uniqExact(stat_date) >= 16 ORDER BY sum(spent) LIMIT 4)",
        ),
        True,
    ),
    Defect(
        "an ad tag with an unknown city",
        "unknown_cities",
        (vk("utm_city = 'banner'", "utm_city = 'казань' AND stat_date >= {today} - 3"),),
        True,
    ),
    Defect(
        "an ad account in another currency",
        "spend_other_currency",
        (
            copied(
                "fact_vk_ads_daily",
                "stat_date = {today} - 2",
                "'tenge' AS account_id, ad_id + 900000000 AS ad_id, 'KZT' AS currency",
            ),
        ),
        True,
    ),
    Defect(
        "one ad day in another currency",
        "spend_other_currency",
        (
            copied(
                "fact_direct_daily", ONE_ROW, "'other' AS account_id, ad_id + 900000000 AS ad_id, 'BYN' AS currency"
            ),
        ),
        True,
    ),
    Defect(
        "spend lost its cities",
        "spend_without_city",
        (vk("utm_city = '', utm_content = ''", "stat_date >= {today} - 3"),),
        True,
    ),
)
