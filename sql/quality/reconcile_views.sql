-- title: v_romi_kpi and v_campaign_performance add up to what they are made of
-- why: The same rouble must not differ from one chart to the next
-- severity: fail
-- sources: qtickets, vk_ads, direct

-- `newest` changes when a load writes the rows again: what stays is no load's work in progress.
SELECT concat(view, ' ', part, ': off by ', toString(spend), ' of spend, ', toString(net), ' of revenue, ', toString(tickets), ' tickets') AS what, view, part, newest
FROM
(
    SELECT view, part, sum(s) AS spend, sum(r) AS net, sum(n) AS tickets, max(v) AS newest
    FROM
    (
        SELECT 'v_romi_kpi' AS view, toString(city) AS part, spend_total AS s, net_revenue AS r, toInt64(tickets_sold) AS n, toUInt64(0) AS v FROM v_romi_kpi
        UNION ALL
        SELECT 'v_romi_kpi', toString(city), -spend_total, refunds_amount - revenue, -toInt64(tickets_sold), _ver FROM agg_marketing_daily FINAL
        UNION ALL
        SELECT 'v_campaign_performance', toString(source), spend_total, net_revenue, toInt64(tickets_sold), 0 FROM v_campaign_performance
        UNION ALL
        SELECT 'v_campaign_performance', toString(source), -spend_total, refunds_amount - revenue, -toInt64(tickets_sold), _ver FROM agg_marketing_daily FINAL WHERE source != 'other'
    )
    GROUP BY view, part
)
WHERE spend != 0 OR net != 0 OR tickets != 0
ORDER BY view, part
