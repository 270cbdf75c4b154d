-- title: No figure is below zero
-- why: Sums hide it
-- severity: fail
-- sources: qtickets, vk_ads, direct

SELECT concat(where_it_is, ' has ', toString(n), ' rows with a negative figure') AS what, where_it_is, n
FROM
(
    SELECT 'stg_qtickets_tickets' AS where_it_is, countIf(price < 0 OR amount < 0 OR refunded_amount < 0) AS n FROM stg_qtickets_tickets FINAL
    UNION ALL SELECT 'stg_qtickets_sales_raw', countIf(revenue < 0 OR refunds_amount < 0) FROM stg_qtickets_sales_raw FINAL
    UNION ALL SELECT 'v_ad_spend', countIf(spend < 0) FROM v_ad_spend
)
WHERE n > 0
