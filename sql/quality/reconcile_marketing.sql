-- title: v_marketing_daily is the sum of ads and tickets
-- why: ROMI is read from it
-- severity: fail
-- sources: qtickets, vk_ads, direct

SELECT concat(job, ' is loading at this moment') AS unjudged FROM meta_job_runs FINAL
WHERE status = 'running' AND endsWith(job, '_loader') AND started_at > now() - toIntervalHour(1)
ORDER BY job LIMIT 1;

SELECT
    concat(toString(d), ' ', if(city = '', 'no city', city), ' ', source, ': off by ', toString(spend), ' of spend, ', toString(shown), ' impressions, ', toString(clicked), ' clicks, ', toString(brought), ' of revenue, ', toString(returned), ' of refunds, ', toString(tickets), ' tickets') AS what,
    d,
    city,
    source
FROM
(
    SELECT d, city, source, sum(s) AS spend, sum(i) AS shown, sum(c) AS clicked, sum(r) AS brought, sum(b) AS returned, sum(n) AS tickets
    FROM
    (
        SELECT
            d, toString(city) AS city, toString(source) AS source, spend_total AS s, toInt64(impressions) AS i, toInt64(clicks) AS c,
            revenue AS r, refunds_amount AS b, toInt64(tickets_sold) AS n
        FROM v_marketing_daily
        UNION ALL
        SELECT stat_date, toString(utm_city), source, -spend, -toInt64(impressions), -toInt64(clicks), toDecimal64(0, 2), toDecimal64(0, 2), 0
        FROM v_ad_spend
        UNION ALL
        SELECT d, toString(city), source, toDecimal64(0, 2), 0, 0, -revenue, -refunds_amount, -toInt64(tickets_sold)
        FROM v_attributed_tickets
    )
    GROUP BY d, city, source
)
WHERE spend != 0 OR shown != 0 OR clicked != 0 OR brought != 0 OR returned != 0 OR tickets != 0
ORDER BY d, city, source
