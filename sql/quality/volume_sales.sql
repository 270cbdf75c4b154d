-- title: The tickets of the last days are as many as on such weekdays before
-- why: Half a day loads as easily as a whole one
-- severity: warn
-- sources: qtickets
-- param: days = 3
-- param: low = 0.6
-- param: high = 2.5
-- param: noise = 2.6

SELECT 'fewer than four weeks of sales' AS unjudged
FROM stg_qtickets_sales_raw FINAL
WHERE event_date >= {today:Date} - 60 AND event_date <= {today:Date} - 29
HAVING count() = 0;

-- `spread`: how far a day strays, by chance (people buy two at a time) and by 12 % of mood on top, so that a small
-- promoter's quiet Tuesday is no alarm. From 200 tickets a day on, most halved days stand out.
WITH
    days AS
    (
        SELECT account, event_date AS day, toFloat64(sum(tickets_sold)) AS tickets FROM stg_qtickets_sales_raw FINAL
        WHERE event_date >= {today:Date} - 50 AND event_date < {today:Date}
            AND account IN (SELECT account FROM stg_qtickets_sales_raw WHERE event_date >= {today:Date} - 60 AND event_date <= {today:Date} - 29)
        GROUP BY account, day
    ),
    expected AS
    (
        SELECT
            n.account AS account,
            n.day AS day,
            any(n.tickets) AS sold,
            (medianIf(o.tickets, toDayOfWeek(o.day) = toDayOfWeek(n.day)) + medianIf(o.tickets, o.day >= n.day - 8)) / 2 AS usual,
            sqrt(2 * usual + pow(0.12 * usual, 2)) AS spread
        FROM (SELECT * FROM days WHERE day >= {today:Date} - toUInt32({days:Float64})) AS n
        INNER JOIN days AS o ON o.account = n.account
        WHERE o.day < n.day AND o.day >= n.day - 42
        GROUP BY account, day
    )
SELECT
    concat(toString(round(sold)), ' tickets were sold', if(account = 'main', '', concat(' by ', account)), ' on ', toString(day), ', on such a day usually ', toString(round(usual))) AS what,
    account,
    day,
    sold,
    usual
FROM expected
WHERE sold < least(usual * {low:Float64}, usual - {noise:Float64} * spread) OR sold > greatest(usual * {high:Float64}, usual + {noise:Float64} * spread)
ORDER BY account, day
