-- What each source cost, and what the tickets with its tags brought; `other` are the tickets of no advertising.
SELECT
    source,
    sum(tickets_sold)                           AS tickets,
    CAST(sum(net_revenue) AS Decimal(18, 2))    AS net,
    CAST(sum(spend_total) AS Decimal(18, 2))    AS spend
FROM v_marketing_daily
WHERE d BETWEEN {first:Date} AND {last:Date}
GROUP BY source
HAVING tickets != 0 OR net != 0 OR spend != 0
ORDER BY source = 'other', spend DESC, source
