-- What each source cost and brought.
SELECT
    source,
    sum(tickets_sold)                                                      AS tickets,
    sum(net_revenue)                                                       AS net,
    sum(spend_total)                                                       AS spend,
    toDecimal64((net - spend) / nullIf(spend, 0), 2)                       AS romi,
    toDecimal64(net / nullIf(spend, 0), 2)                                 AS roas
FROM v_marketing_daily
GROUP BY source
ORDER BY source = 'other', source
