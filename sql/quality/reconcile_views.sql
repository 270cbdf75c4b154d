-- title: v_romi_kpi and v_campaign_performance add up to what they are made of
-- why: The same rouble must not differ from one chart to the next
-- severity: fail
-- when: night
-- sources: qtickets, vk_ads, direct

-- Spend by account; tickets by source, since a ticket of no campaign is no account's. `newest` changes when a load
-- writes the rows again: what stays is no load's work in progress.
SELECT concat(view, ' ', part, if(account IN ('', 'main'), '', concat(' ', account)), ': off by ', toString(spend), ' of spend, ', toString(net), ' of revenue, ', toString(tickets), ' tickets') AS what, view, part, account, newest
FROM
(
    SELECT view, part, account, sum(s) AS spend, sum(r) AS net, sum(n) AS tickets, max(v) AS newest
    FROM
    (
        SELECT 'v_romi_kpi' AS view, toString(city) AS part, '' AS account, spend_total AS s, net_revenue AS r, toInt64(tickets_sold) AS n, toUInt64(0) AS v FROM v_romi_kpi
        UNION ALL
        SELECT 'v_romi_kpi', toString(city), '', -spend_total, refunds_amount - revenue, -toInt64(tickets_sold), _ver FROM agg_marketing_daily FINAL
        UNION ALL
        SELECT 'v_campaign_performance', toString(source), its.1, its.2, its.3, its.4, 0 FROM v_campaign_performance
        ARRAY JOIN [(toString(account), spend_total, toDecimal64(0, 2), 0), ('', toDecimal64(0, 2), net_revenue, toInt64(tickets_sold))] AS its
        UNION ALL
        SELECT 'v_campaign_performance', source, toString(account), -spend, toDecimal64(0, 2), 0, 0 FROM v_ad_spend
        UNION ALL
        SELECT 'v_campaign_performance', toString(source), '', toDecimal64(0, 2), refunds_amount - revenue, -toInt64(tickets_sold), _ver FROM agg_marketing_daily FINAL WHERE source != 'other'
    )
    GROUP BY view, part, account
)
WHERE spend != 0 OR net != 0 OR tickets != 0
ORDER BY view, part, account
