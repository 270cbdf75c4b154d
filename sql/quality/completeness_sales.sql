-- title: No day between the first sale and yesterday is without sales
-- why: A day that was not loaded looks like a day on which nobody bought
-- severity: fail
-- sources: qtickets
-- param: days = 90
-- param: usual = 20

SELECT if(count() = 0, 'no sales yet', 'too few sales a day for a day without any to mean something') AS unjudged
FROM
(
    SELECT event_date, sum(tickets_sold) AS tickets FROM stg_qtickets_sales_raw FINAL
    WHERE event_date >= {today:Date} - toUInt32({days:Float64}) AND event_date < {today:Date} GROUP BY event_date
)
HAVING count() = 0 OR median(tickets) < {usual:Float64};

-- What is usual is told by the four weeks around a day, so that a quiet summer does not count as missing.
WITH
    sold AS (SELECT event_date AS day, sum(tickets_sold) AS tickets FROM stg_qtickets_sales_raw FINAL GROUP BY day),
    calendar AS (SELECT {today:Date} - arrayJoin(range(1, toUInt32({days:Float64}) + 1)) AS day)
SELECT concat('nothing was sold on ', toString(day), ', usually ', toString(round(usual)), ' tickets') AS what, day
FROM
(
    SELECT c.day AS day, s.tickets AS tickets, median(s.tickets) OVER (ORDER BY c.day ROWS BETWEEN 14 PRECEDING AND 14 FOLLOWING) AS usual
    FROM calendar AS c LEFT JOIN sold AS s ON s.day = c.day
    WHERE c.day >= (SELECT min(day) FROM sold)
)
WHERE tickets = 0 AND usual >= {usual:Float64}
ORDER BY day
