-- title: All spellings of utm_source that bring money are known
-- why: Revenue of a new spelling is counted as nobody's
-- severity: warn
-- sources: qtickets

SELECT concat('utm_source "', utm_source, '" looks like an advertising source and is not in utm_sources.csv: ', toString(revenue), ' of revenue in 30 days') AS what, utm_source, revenue
FROM
(
    SELECT lowerUTF8(utm_source) AS utm_source, sum(amount) AS revenue
    FROM stg_qtickets_tickets FINAL
    WHERE state IN ('paid', 'refunded') AND paid_at >= toDateTime64({today:Date} - 30, 3, 'Europe/Moscow')
    GROUP BY utm_source
)
WHERE match(utm_source, '(^|[^a-z])(vk|ya|yandex|direct|mytarget)([^a-z]|$)')
    AND utm_source NOT IN (SELECT utm_source FROM dim_utm_sources FINAL)
ORDER BY revenue DESC
