-- Spend and sales side by side, by Moscow day, city and source; other costs are spend of their label. All are stacked and summed, never joined, so
-- a day with only one of them is there and nothing is counted twice.
SELECT
    d,
    city,
    source,
    sum(impressions)                        AS impressions,
    sum(clicks)                             AS clicks,
    sum(conversions)                        AS conversions,
    CAST(sum(spend) AS Decimal(18, 2))      AS spend_total,
    sum(tickets_sold)                       AS tickets_sold,
    CAST(sum(revenue) AS Decimal(18, 2))    AS revenue,
    CAST(sum(refunds) AS Decimal(18, 2))    AS refunds_amount
FROM
(
    SELECT
        stat_date AS d, toString(utm_city) AS city, source, impressions, clicks, conversions, spend,
        toUInt64(0) AS tickets_sold, toDecimal64(0, 2) AS revenue, toDecimal64(0, 2) AS refunds
    FROM v_ad_spend
    UNION ALL
    SELECT
        d, toString(city), source, toUInt64(0), toUInt64(0), toUInt64(0), toDecimal64(0, 2),
        toUInt64(tickets_sold), revenue, refunds_amount
    FROM v_attributed_tickets
    UNION ALL
    SELECT
        day, toString(city), toString(source), toUInt64(0), toUInt64(0), toUInt64(0), spent,
        toUInt64(0), toDecimal64(0, 2), toDecimal64(0, 2)
    FROM fact_other_costs_daily FINAL
)
GROUP BY d, city, source
