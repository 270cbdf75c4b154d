-- title: Each source has data up to the day it should
-- why: Budgets are set by days that are not there
-- severity: fail
-- sources: qtickets, vk_ads, direct
-- param: lag_qtickets = 1
-- param: lag_vk_ads = 2
-- param: lag_direct = 2

SELECT
    concat(source, ' ends on ', toString(latest), ', ', toString({today:Date} - latest), ' days ago') AS what,
    source,
    latest
FROM
(
    SELECT 'qtickets' AS source, maxOrNull(event_date) AS latest, {lag_qtickets:Float64} AS lag FROM stg_qtickets_sales_raw FINAL
    UNION ALL
    SELECT 'vk_ads', maxOrNull(stat_date), {lag_vk_ads:Float64} FROM fact_vk_ads_daily FINAL
    UNION ALL
    SELECT 'direct', maxOrNull(stat_date), {lag_direct:Float64} FROM fact_direct_daily FINAL
)
WHERE latest IS NOT NULL AND {today:Date} - latest > lag
ORDER BY source
