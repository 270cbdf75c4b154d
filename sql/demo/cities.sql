-- The cities with most revenue and what their advertising brought.
SELECT
    city,
    sum(tickets_sold)                                                      AS tickets,
    sum(net_revenue)                                                       AS net,
    sum(spend_total)                                                       AS spend,
    toDecimal64(net / nullIf(spend, 0), 2)                                 AS roas
FROM v_romi_kpi
GROUP BY city
ORDER BY net DESC, city
LIMIT 8
