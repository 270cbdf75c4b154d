-- title: No figure is below zero
-- why: Sums hide it
-- severity: fail
-- sources: qtickets, vk_ads, direct

SELECT concat(place, ' has ', toString(n), ' rows with a negative figure') AS what, place, n
FROM
(
    SELECT 'stg_qtickets_tickets' AS place, countIf(price < 0 OR amount < 0 OR refunded_amount < 0) AS n FROM stg_qtickets_tickets FINAL
    UNION ALL SELECT 'stg_qtickets_sales_raw', countIf(revenue < 0 OR refunds_amount < 0) FROM stg_qtickets_sales_raw FINAL
    UNION ALL SELECT 'fact_vk_ads_daily', countIf(spent < 0) FROM fact_vk_ads_daily FINAL
    UNION ALL SELECT 'fact_direct_daily', countIf(spent < 0) FROM fact_direct_daily FINAL
)
WHERE n > 0
ORDER BY place
