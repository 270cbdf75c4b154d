-- title: Nothing happened in the future
-- why: A wrong clock or a wrong field
-- severity: fail
-- sources: qtickets, vk_ads, direct

SELECT concat(where_it_is, ' has ', toString(n), ' rows after ', toString({today:Date})) AS what, where_it_is, n
FROM
(
    SELECT 'stg_qtickets_sales_raw' AS where_it_is, countIf(event_date > {today:Date}) AS n FROM stg_qtickets_sales_raw FINAL
    UNION ALL SELECT 'v_ad_spend', countIf(stat_date > {today:Date}) FROM v_ad_spend
)
WHERE n > 0
