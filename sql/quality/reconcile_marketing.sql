-- title: v_marketing_daily is the sum of ads and tickets
-- why: ROMI is read from it
-- severity: fail
-- sources: qtickets, vk_ads, direct

SELECT concat(toString(d), ' ', source, ': spend off by ', toString(spend), ', revenue by ', toString(net)) AS what, d, source
FROM
(
    SELECT d, source, sum(s) AS spend, sum(r) AS net, sum(n) AS tickets
    FROM
    (
        SELECT d, source, spend_total AS s, net_revenue AS r, toInt64(tickets_sold) AS n FROM v_marketing_daily
        UNION ALL
        SELECT stat_date, source, -spend, toDecimal64(0, 2), 0 FROM v_ad_spend
        UNION ALL
        SELECT d, source, toDecimal64(0, 2), refunds_amount - revenue, -toInt64(tickets_sold) FROM v_attributed_tickets
    )
    GROUP BY d, source
)
WHERE spend != 0 OR net != 0 OR tickets != 0
ORDER BY d, source
