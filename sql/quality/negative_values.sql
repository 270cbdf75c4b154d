-- title: No figure is below zero
-- why: Sums hide it
-- severity: fail
-- when: night
-- sources: qtickets, vk_ads, direct

SELECT concat(place, if(account = 'main', '', concat(' ', account)), ' has ', toString(n), ' rows with a negative figure') AS what, place, account, n
FROM
(
    SELECT 'stg_qtickets_tickets' AS place, account, countIf(price < 0 OR amount < 0 OR refunded_amount < 0) AS n FROM stg_qtickets_tickets FINAL GROUP BY account
    UNION ALL SELECT 'stg_qtickets_sales_raw', account, countIf(revenue < 0 OR refunds_amount < 0) FROM stg_qtickets_sales_raw FINAL GROUP BY account
    UNION ALL SELECT 'fact_vk_ads_daily', account, countIf(spent < 0) FROM fact_vk_ads_daily FINAL GROUP BY account
    UNION ALL SELECT 'fact_direct_daily', account, countIf(spent < 0) FROM fact_direct_daily FINAL GROUP BY account
)
WHERE n > 0
ORDER BY place, account
