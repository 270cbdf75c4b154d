-- title: No day between the first sale and yesterday is without sales
-- why: A day that was not loaded looks like a day on which nobody bought
-- severity: fail
-- sources: qtickets
-- param: days = 90
-- param: usual = 10

SELECT if(count() = 0, 'no sales yet', 'too few sales a day for a day without any to mean something') AS unjudged
FROM (SELECT event_date, sum(tickets_sold) AS tickets FROM stg_qtickets_sales_raw FINAL GROUP BY event_date)
HAVING count() = 0 OR median(tickets) < {usual:Float64};

WITH
    sold AS (SELECT event_date AS day, sum(tickets_sold) AS tickets FROM stg_qtickets_sales_raw FINAL GROUP BY day),
    bounds AS (SELECT greatest(min(day), {today:Date} - toUInt32({days:Float64})) AS first, median(tickets) AS usual FROM sold)
SELECT
    concat('nothing was sold on ', toString(day), ', usually ', toString(round(usual)), ' tickets') AS what,
    day
FROM (SELECT addDays(first, number) AS day, usual FROM bounds CROSS JOIN (SELECT number FROM numbers(4000)) AS n WHERE addDays(first, number) < {today:Date})
WHERE day NOT IN (SELECT day FROM sold)
ORDER BY day
