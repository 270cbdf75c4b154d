-- All revenue of each city against all advertising of it. The city without a name: ads whose tags name none.
SELECT
    city,
    sum(tickets_sold)                           AS tickets,
    CAST(sum(net_revenue) AS Decimal(18, 2))    AS net,
    CAST(sum(spend_total) AS Decimal(18, 2))    AS spend
FROM v_romi_kpi
WHERE d BETWEEN {first:Date} AND {last:Date}
GROUP BY city
HAVING tickets != 0 OR net != 0 OR spend != 0
ORDER BY city = '', spend DESC, net DESC, city
