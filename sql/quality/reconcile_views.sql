-- title: v_romi_kpi and v_campaign_performance add up to what they are made of
-- why: The same rouble must not differ from one chart to the next
-- severity: fail
-- sources: qtickets, vk_ads, direct

SELECT concat(job, ' is loading at this moment') AS unjudged FROM meta_job_runs FINAL
WHERE status = 'running' AND endsWith(job, '_loader') AND started_at > now() - toIntervalHour(1)
ORDER BY job LIMIT 1;

SELECT concat(view, ' ', part, ': off by ', toString(spend), ' of spend, ', toString(net), ' of revenue, ', toString(tickets), ' tickets') AS what, view, part
FROM
(
    SELECT view, part, sum(s) AS spend, sum(r) AS net, sum(n) AS tickets
    FROM
    (
        SELECT 'v_romi_kpi' AS view, toString(city) AS part, spend_total AS s, net_revenue AS r, toInt64(tickets_sold) AS n FROM v_romi_kpi
        UNION ALL
        SELECT 'v_romi_kpi', toString(city), -spend_total, refunds_amount - revenue, -toInt64(tickets_sold) FROM agg_marketing_daily FINAL
        UNION ALL
        SELECT 'v_campaign_performance', toString(source), spend_total, net_revenue, toInt64(tickets_sold) FROM v_campaign_performance
        UNION ALL
        SELECT 'v_campaign_performance', toString(source), -spend_total, refunds_amount - revenue, -toInt64(tickets_sold) FROM agg_marketing_daily FINAL WHERE source != 'other'
    )
    GROUP BY view, part
)
WHERE spend != 0 OR net != 0 OR tickets != 0
ORDER BY view, part
