-- title: v_marketing_daily is the sum of ads and tickets
-- why: ROMI is read from it
-- severity: fail
-- when: night
-- sources: qtickets, vk_ads, direct

-- `newest` changes when a load writes the rows again: what stays is no load's work in progress.
SELECT
    concat(toString(d), ' ', if(city = '', 'no city', city), ' ', source, ': off by ', toString(spend), ' of spend, ', toString(shown), ' impressions, ', toString(clicked), ' clicks, ', toString(brought), ' of revenue, ', toString(returned), ' of refunds, ', toString(tickets), ' tickets') AS what,
    d,
    city,
    source,
    newest
FROM
(
    SELECT d, city, source, sum(s) AS spend, sum(i) AS shown, sum(c) AS clicked, sum(r) AS brought, sum(b) AS returned, sum(n) AS tickets, max(v) AS newest
    FROM
    (
        SELECT
            d, toString(city) AS city, toString(source) AS source, spend_total AS s, toInt64(impressions) AS i, toInt64(clicks) AS c,
            revenue AS r, refunds_amount AS b, toInt64(tickets_sold) AS n, toUInt64(0) AS v
        FROM v_marketing_daily
        UNION ALL
        SELECT stat_date, toString(utm_city), source, -spend, -toInt64(impressions), -toInt64(clicks), toDecimal64(0, 2), toDecimal64(0, 2), 0, 0
        FROM v_ad_spend
        UNION ALL
        SELECT d, toString(city), source, toDecimal64(0, 2), 0, 0, -revenue, -refunds_amount, -toInt64(tickets_sold), 0
        FROM v_attributed_tickets
        UNION ALL
        SELECT d, toString(city), toString(source), toDecimal64(0, 2), 0, 0, toDecimal64(0, 2), toDecimal64(0, 2), 0, _ver
        FROM agg_marketing_daily FINAL
    )
    GROUP BY d, city, source
)
WHERE spend != 0 OR shown != 0 OR clicked != 0 OR brought != 0 OR returned != 0 OR tickets != 0
ORDER BY d, city, source
-- An older version of a ticket that was left in another month is to be seen: loads take months apart.
SETTINGS do_not_merge_across_partitions_select_final = 0
