-- title: No day between the first sale and yesterday is without sales
-- why: A day that was not loaded looks like a day on which nobody bought
-- severity: fail
-- sources: qtickets
-- param: days = 90
-- param: usual = 20

SELECT if(count() = 0, 'no sales lately', 'too few sales a day for a day without any to mean something') AS unjudged
FROM
(
    SELECT account, median(tickets) AS of_days
    FROM
    (
        SELECT account, event_date, sum(tickets_sold) AS tickets FROM stg_qtickets_sales_raw FINAL
        WHERE event_date >= {today:Date} - toUInt32({days:Float64}) AND event_date < {today:Date}
        GROUP BY account, event_date
    )
    GROUP BY account
)
HAVING count() = 0 OR max(of_days) < {usual:Float64};

-- The four weeks around a day show what is usual, so that a quiet summer does not count as missing.
WITH
    sold AS
    (
        SELECT account, event_date AS day, sum(tickets_sold) AS tickets FROM stg_qtickets_sales_raw FINAL
        WHERE ('qtickets', account) IN {accounts:Array(Tuple(String, String))}
            AND event_date >= {today:Date} - toUInt32({days:Float64}) - 29
        GROUP BY account, day
    ),
    calendar AS
    (
        SELECT account, first, {today:Date} - arrayJoin(range(1, toUInt32({days:Float64}) + 1)) AS day
        FROM
        (
            SELECT account, min(day) AS first FROM sold GROUP BY account
            HAVING medianIf(tickets, day >= {today:Date} - toUInt32({days:Float64}) AND day < {today:Date}) >= {usual:Float64}
        )
    )
SELECT
    concat('nothing was sold', if(account = 'main', '', concat(' by ', account)), ' on ', toString(day), ', usually ', toString(round(usual)), ' tickets') AS what,
    account,
    day
FROM
(
    SELECT
        c.account AS account,
        c.day AS day,
        s.tickets AS tickets,
        median(s.tickets) OVER (PARTITION BY c.account ORDER BY c.day ROWS BETWEEN 14 PRECEDING AND 14 FOLLOWING) AS usual
    FROM calendar AS c LEFT JOIN sold AS s ON s.account = c.account AND s.day = c.day
    WHERE c.day >= c.first
)
WHERE tickets = 0 AND usual >= {usual:Float64}
ORDER BY account, day
