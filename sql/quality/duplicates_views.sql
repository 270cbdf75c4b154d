-- title: No row of the views stands twice
-- why: DataLens reads the views
-- severity: fail
-- sources: qtickets, vk_ads, direct

SELECT concat(view, ' has ', toString(surplus), ' surplus rows') AS what, view, surplus
FROM
(
    SELECT 'v_sales_latest' AS view, count() - uniqExact(event_date, event_id, currency) AS surplus FROM v_sales_latest
    UNION ALL
    SELECT 'v_marketing_daily', count() - uniqExact(d, city, source) FROM v_marketing_daily
    UNION ALL
    SELECT 'v_romi_kpi', count() - uniqExact(d, city) FROM v_romi_kpi
    UNION ALL
    SELECT 'v_campaign_performance', count() - uniqExact(source, campaign_id) FROM v_campaign_performance
)
WHERE surplus > 0
ORDER BY view
