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
        SELECT account, city, event_date AS day, sum(tickets_sold) AS tickets
        FROM stg_qtickets_sales_raw FINAL
        WHERE event_date >= {today:Date} - 22 AND event_date < {today:Date} AND city != ''
            AND ('qtickets', account) IN {accounts:Array(Tuple(String, String))}
        GROUP BY account, city, day
    ),
    newest AS
    (
        SELECT t.account AS account, e.city AS city, max(t.booked_at) AS sold_at
        FROM stg_qtickets_tickets AS t FINAL
        INNER JOIN (SELECT account, event_id, city FROM dim_events FINAL) AS e
            ON e.account = t.account AND e.event_id = t.event_id
        WHERE t.state IN ('paid', 'refunded') AND t.booked_at < toDateTime64({today:Date}, 3, 'Europe/Moscow')
            AND t.booked_at >= toDateTime64({today:Date} - 2, 3, 'Europe/Moscow')
        GROUP BY account, city
    )
SELECT
    concat('no sales ', if(account = 'main', '', concat('of ', account, ' ')), 'in ', city, ' on ', toString({today:Date} - 1), ', usually ', toString(round(usual)), ' tickets') AS what,
    account,
    city
FROM
(
    SELECT
        account,
        city,
        quantileExactIf(0.1)(tickets, day < {today:Date} - 1) AS low,
        medianIf(tickets, day < {today:Date} - 1) AS usual,
        countIf(day < {today:Date} - 1) AS days,
        countIf(day = {today:Date} - 1) AS yesterday
    FROM days GROUP BY account, city
)
WHERE yesterday = 0 AND days >= 21 AND low >= {low:Float64}
    AND (account, city) IN (SELECT account, city FROM newest WHERE toHour(sold_at, 'Europe/Moscow') >= {evening:Float64})
    AND (account, city) IN (SELECT account, city FROM dim_events FINAL WHERE is_active AND last_show_at >= toDateTime64({today:Date} + toUInt32({ahead:Float64}), 3, 'Europe/Moscow'))
ORDER BY account, city
