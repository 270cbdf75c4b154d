-- title: Nothing happened in the future, or before there was a shop
-- why: A wrong clock or a wrong field
-- severity: fail
-- sources: qtickets, vk_ads, direct
-- param: since = 2010

-- By the day that counts: of the other months nothing is read.
WITH
    makeDate(toUInt32({since:Float64}), 1, 1) AS first,
    toDateTime64({today:Date} + 1, 3, 'Europe/Moscow') AS tomorrow
SELECT concat(place, if(account = 'main', '', concat(' ', account)), ' has ', toString(n), ' rows after ', toString({today:Date}), ' or before ', toString(first)) AS what, place, account, n
FROM
(
    SELECT 'stg_qtickets_tickets' AS place, account, count() AS n FROM stg_qtickets_tickets FINAL WHERE booked_at >= tomorrow OR booked_at < toDateTime64(first, 3, 'Europe/Moscow') GROUP BY account
    UNION ALL SELECT 'stg_qtickets_sales_raw', account, count() FROM stg_qtickets_sales_raw FINAL WHERE event_date > {today:Date} OR event_date < first GROUP BY account
    UNION ALL SELECT 'fact_vk_ads_daily', account, count() FROM fact_vk_ads_daily FINAL WHERE stat_date > {today:Date} OR stat_date < first GROUP BY account
    UNION ALL SELECT 'fact_direct_daily', account, count() FROM fact_direct_daily FINAL WHERE stat_date > {today:Date} OR stat_date < first GROUP BY account
)
ORDER BY place, account
