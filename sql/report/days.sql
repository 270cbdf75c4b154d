-- What each day brought and cost, all cities and sources together, and what of it came by the tags of ads. A row for
-- each day: one without both may have tickets in another currency.
SELECT
    d,
    sum(tickets_sold)                           AS tickets,
    CAST(sum(net_revenue) AS Decimal(18, 2))    AS net,
    CAST(sum(spend_total) AS Decimal(18, 2))    AS spend,
    CAST(sumIf(net_revenue, source != 'other') AS Decimal(18, 2)) AS tagged,
    sumIf(tickets_sold, source != 'other')      AS tagged_tickets
FROM v_marketing_daily
WHERE d BETWEEN {first:Date} AND {last:Date}
GROUP BY d
ORDER BY d WITH FILL FROM {first:Date} TO {last:Date} + 1
