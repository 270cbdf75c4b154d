-- The cities with most revenue and what their advertising brought; the others together, and what has no city, so that
-- the lines add up.
SELECT
    multiIf(city = '' OR rank <= 7, city, 'others')                        AS city,
    sum(sold)                                                              AS tickets,
    sum(earned)                                                            AS net,
    sum(paid)                                                              AS spend,
    toDecimal64(net / nullIf(spend, 0), 2)                                 AS roas
FROM
(
    SELECT
        toString(city)        AS city,
        sum(tickets_sold)     AS sold,
        sum(net_revenue)      AS earned,
        sum(spend_total)      AS paid,
        row_number() OVER (ORDER BY city = '', earned DESC, city) AS rank
    FROM v_romi_kpi
    GROUP BY city
)
GROUP BY city
ORDER BY min(rank)
