-- All revenue against all spend, by Moscow day and city. level: green roas > 1.5, yellow 1 to 1.5, red < 1, none
-- where there was no spend.
SELECT
    d,
    city,
    paid                                                                AS spend_total,
    tickets                                                             AS tickets_sold,
    brought                                                             AS revenue,
    returned                                                            AS refunds_amount,
    brought - returned                                                  AS net_revenue,
    toFloat64(brought - returned - paid) / nullIf(toFloat64(paid), 0)   AS romi,
    toFloat64(brought - returned) / nullIf(toFloat64(paid), 0)          AS roas,
    multiIf(
        paid = 0, 'none',
        (brought - returned) * 2 > paid * 3, 'green',
        brought - returned >= paid, 'yellow',
        'red'
    )                                                                   AS level
FROM
(
    SELECT
        d,
        city,
        CAST(sum(spend_total) AS Decimal(18, 2))    AS paid,
        sum(tickets_sold)                           AS tickets,
        CAST(sum(revenue) AS Decimal(18, 2))        AS brought,
        CAST(sum(refunds_amount) AS Decimal(18, 2)) AS returned
    FROM agg_marketing_daily FINAL
    GROUP BY d, city
)
