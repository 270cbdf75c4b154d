-- title: A city that sells every day sold yesterday too
-- why: One event's sales may be missing while the day as a whole looks right
-- severity: warn
-- sources: qtickets
-- param: low = 5
-- param: evening = 20
-- param: ahead = 3

-- A load lacks whole days, so what is missing ends at midnight. Sales that end earlier in the day were sold out or
-- stopped by a person; those of a city without a show in the next days are over.
WITH
    days AS
    (
        SELECT city, event_date AS day, sum(tickets_sold) AS tickets
        FROM stg_qtickets_sales_raw FINAL
        WHERE event_date >= {today:Date} - 22 AND event_date < {today:Date} AND city != ''
        GROUP BY city, day
    ),
    newest AS
    (
        SELECT e.city AS city, max(assumeNotNull(t.paid_at)) AS sold_at
        FROM stg_qtickets_tickets AS t FINAL
        INNER JOIN (SELECT event_id, city FROM dim_events FINAL) AS e ON e.event_id = t.event_id
        WHERE t.state IN ('paid', 'refunded') AND t.paid_at < toDateTime64({today:Date}, 3, 'Europe/Moscow')
            AND t.paid_at >= toDateTime64({today:Date} - 2, 3, 'Europe/Moscow')
        GROUP BY city
    )
SELECT
    concat('no sales in ', city, ' on ', toString({today:Date} - 1), ', usually ', toString(round(usual)), ' tickets') AS what,
    city
FROM
(
    SELECT
        city,
        quantileExactIf(0.1)(tickets, day < {today:Date} - 1) AS low,
        medianIf(tickets, day < {today:Date} - 1) AS usual,
        countIf(day < {today:Date} - 1) AS days,
        countIf(day = {today:Date} - 1) AS yesterday
    FROM days GROUP BY city
)
WHERE yesterday = 0 AND days >= 21 AND low >= {low:Float64}
    AND city IN (SELECT city FROM newest WHERE toHour(sold_at, 'Europe/Moscow') >= {evening:Float64})
    AND city IN (SELECT city FROM dim_events FINAL WHERE is_active AND last_show_at >= toDateTime64({today:Date} + toUInt32({ahead:Float64}), 3, 'Europe/Moscow'))
ORDER BY city
