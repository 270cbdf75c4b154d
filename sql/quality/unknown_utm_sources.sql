-- title: All spellings of utm_source that bring money are known
-- why: Revenue of a new spelling is counted as nobody's
-- severity: warn
-- sources: qtickets
-- param: tickets = 3

SELECT 'the table of spellings is empty: nothing was loaded yet' AS unjudged FROM dim_utm_sources HAVING count() = 0;

SELECT concat('utm_source "', utm_source, '" looks like an advertising source and is not in utm_sources.csv: ', toString(tickets), ' tickets, ', toString(revenue), ' of revenue in 30 days') AS what, utm_source, revenue
FROM
(
    SELECT lowerUTF8(utm_source) AS utm_source, sum(amount) AS revenue, sum(quantity) AS tickets
    FROM stg_qtickets_tickets FINAL
    WHERE state IN ('paid', 'refunded') AND booked_at >= toDateTime64({today:Date} - 30, 3, 'Europe/Moscow')
    GROUP BY utm_source
)
WHERE match(utm_source, '^(vk|ya$|ya[^a-z]|yandex|direct|mytarget|вк|вконтакте|яндекс|директ)|[^a-zа-я](vk|ya|yandex|direct|mytarget|вк|яндекс|директ)([^a-zа-я]|$)')
    AND utm_source NOT IN (SELECT utm_source FROM dim_utm_sources FINAL)
    AND tickets >= {tickets:Float64} AND revenue > 0
ORDER BY revenue DESC, utm_source
