-- title: A city that sells every day sold yesterday too
-- why: One event's sales may be missing while the day as a whole looks right
-- severity: warn
-- sources: qtickets
-- param: low = 5

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
    FROM
    (
        SELECT city, event_date AS day, sum(tickets_sold) AS tickets
        FROM stg_qtickets_sales_raw FINAL
        WHERE event_date >= {today:Date} - 22 AND event_date < {today:Date} AND city != ''
        GROUP BY city, day
    )
    GROUP BY city
)
WHERE yesterday = 0 AND days >= 21 AND low >= {low:Float64}
ORDER BY city
