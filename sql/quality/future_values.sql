-- title: Nothing happened in the future, or before there was a shop
-- why: A wrong clock or a wrong field
-- severity: fail
-- sources: qtickets, vk_ads, direct
-- param: since = 2010

WITH makeDate(toUInt32({since:Float64}), 1, 1) AS first
SELECT concat(place, if(account = 'main', '', concat(' ', account)), ' has ', toString(n), ' rows after ', toString({today:Date}), ' or before ', toString(first)) AS what, place, account, n
FROM
(
    SELECT 'stg_qtickets_tickets' AS place, account, countIf(toDate(ordered_at, 'Europe/Moscow') > {today:Date} OR toDate(ordered_at, 'Europe/Moscow') < first) AS n FROM stg_qtickets_tickets FINAL GROUP BY account
    UNION ALL SELECT 'stg_qtickets_sales_raw', account, countIf(event_date > {today:Date} OR event_date < first) FROM stg_qtickets_sales_raw FINAL GROUP BY account
    UNION ALL SELECT 'fact_vk_ads_daily', account, countIf(stat_date > {today:Date} OR stat_date < first) FROM fact_vk_ads_daily FINAL GROUP BY account
    UNION ALL SELECT 'fact_direct_daily', account, countIf(stat_date > {today:Date} OR stat_date < first) FROM fact_direct_daily FINAL GROUP BY account
)
WHERE n > 0
ORDER BY place, account
