"""What looks like a defect and is none: a person's decision, or chance. No check may be broken by it."""

from __future__ import annotations

from tests.quality.breaking import BOOKED_ON, MAIN, MOSCOW, ONE_AD, PAID_ON, changed, copied, vk
from tests.quality.harness import Defect

_AFTERNOON = f"({BOOKED_ON} > {{today}} - 2 OR {PAID_ON} = {{today}} - 2 AND toHour(assumeNotNull(paid_at), 'Europe/Moscow') >= 15)"
_SMALL = "(SELECT campaign_id FROM fact_vk_ads_daily WHERE stat_date > {today} - 17 AND utm_city != '' GROUP BY campaign_id HAVING uniqExact(stat_date) >= 16 ORDER BY sum(spent) DESC LIMIT 1 OFFSET 3)"
_OVER = "last_show_at = toDateTime64({today} - 2, 3, 'UTC')"

HARMLESS = (
    Defect(
        "an event of a large city sold out in an afternoon",
        "",
        (f"DELETE FROM stg_qtickets_tickets WHERE event_id IN {MOSCOW} AND {_AFTERNOON}",),
        True,
    ),
    Defect(
        "the last show of a large city was played",
        "",
        (
            changed("dim_events", _OVER, "city = 'москва'"),
            f"DELETE FROM stg_qtickets_tickets WHERE event_id IN {MOSCOW} AND {BOOKED_ON} >= {{today}} - 1",
        ),
        True,
    ),
    Defect(
        "a person paused a campaign",
        "",
        (f"DELETE FROM fact_vk_ads_daily WHERE campaign_id IN {_SMALL} AND stat_date >= {{today}} - 2",),
        True,
    ),
    Defect(
        "the main campaign ended with its event",
        "",
        (
            changed(
                "dim_events",
                _OVER,
                "city = (SELECT any(utm_city) FROM fact_vk_ads_daily WHERE campaign_id = " + MAIN + ")",
            ),
            f"DELETE FROM fact_vk_ads_daily WHERE campaign_id = {MAIN} AND stat_date >= {{today}} - 2",
        ),
        True,
    ),
    Defect(
        "all of VK was paused for two weeks",
        "",
        ("DELETE FROM fact_vk_ads_daily WHERE stat_date BETWEEN {today} - 60 AND {today} - 47",),
        True,
    ),
    Defect(
        "advertising in VK ended two months ago",
        "",
        ("DELETE FROM fact_vk_ads_daily WHERE stat_date > {today} - 60",),
        True,
    ),
    Defect("a click came after midnight", "", (vk("impressions = 0, clicks = 1, spent = 40", ONE_AD),), True),
    Defect(
        "an ad was paused in between",
        "",
        (
            "DELETE FROM fact_direct_daily WHERE stat_date BETWEEN {today} - 9 AND {today} - 8 AND ad_id = (SELECT min(ad_id) FROM fact_direct_daily WHERE stat_date = {today} - 9 AND ad_id != 0)",
        ),
        True,
    ),
    Defect(
        "the accounts tell that they are in the report's currency",
        "",
        (
            changed("fact_vk_ads_daily", "currency = 'RUB'", "1"),
            changed("fact_direct_daily", "currency = 'RUB'", "1"),
        ),
        True,
    ),
    Defect(
        "spend in another currency ended months ago",
        "",
        (
            copied(
                "fact_vk_ads_daily",
                "stat_date = {today} - 60",
                "'tenge' AS account_id, ad_id + 900000000 AS ad_id, 'KZT' AS currency",
            ),
        ),
        True,
    ),
    Defect(
        "a run has just begun",
        "",
        (
            "INSERT INTO meta_job_runs (job, run_id, status, started_at, message, metrics, rows_processed, _ver) SELECT 'vk_ads_loader', 'new', 'running', now64(3), '', '{{}}', 0, 1",
        ),
    ),
    Defect(
        "one day of one loader was late and read the next day",
        "",
        ("DELETE FROM meta_job_runs WHERE run_id = concat('direct-', toString({today} - 5))",),
    ),
)
