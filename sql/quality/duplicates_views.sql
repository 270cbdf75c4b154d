-- title: No row of the views stands twice
-- why: DataLens reads the views
-- severity: fail
-- when: night
-- sources: qtickets, vk_ads, direct

-- v_campaign_performance takes long to read: reconcile_views reads it once, and sees a doubled campaign by its sum.
SELECT concat(view, ': rows that stand there twice: ', toString(surplus)) AS what, view, surplus
FROM
(
    SELECT 'v_sales_latest' AS view, count() - uniqExact(event_date, event_id, city, event_name, currency) AS surplus FROM v_sales_latest
    UNION ALL
    SELECT 'v_marketing_daily', count() - uniqExact(d, city, source) FROM v_marketing_daily
    UNION ALL
    SELECT 'v_romi_kpi', count() - uniqExact(d, city) FROM v_romi_kpi
)
WHERE surplus > 0
ORDER BY view
