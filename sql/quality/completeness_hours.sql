-- title: No stretch of hours without a sale is far longer than any before
-- why: A load that broke off in the middle of a day leaves the rest of it empty
-- severity: warn
-- sources: qtickets
-- param: days = 3
-- param: hours = 9
-- param: times = 1.6

SELECT 'fewer than four weeks of sales' AS unjudged
FROM stg_qtickets_tickets FINAL
WHERE state IN ('paid', 'refunded') AND booked_at < toDateTime64({today:Date} - 28, 3, 'Europe/Moscow')
    AND booked_at >= toDateTime64({today:Date} - 60, 3, 'Europe/Moscow')
HAVING count() = 0;

WITH
    toDateTime64({today:Date}, 3, 'Europe/Moscow') AS midnight,
    sold AS
    (
        SELECT account, booked_at AS at FROM stg_qtickets_tickets FINAL
        WHERE state IN ('paid', 'refunded') AND booked_at >= midnight - toIntervalDay(31) AND booked_at < midnight
            AND ('qtickets', account) IN {accounts:Array(Tuple(String, String))}
            AND account IN
            (
                SELECT account FROM stg_qtickets_tickets
                WHERE state IN ('paid', 'refunded') AND booked_at >= midnight - toIntervalDay(60) AND booked_at < midnight - toIntervalDay(28)
            )
    ),
    sales AS (SELECT account, at FROM sold UNION ALL SELECT DISTINCT account, toTimeZone(midnight, 'UTC') FROM sold),
    stretches AS
    (
        SELECT
            account,
            lagInFrame(at, 1, at) OVER (PARTITION BY account ORDER BY at ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS since,
            at AS till,
            dateDiff('minute', since, till) / 60 AS length,
            till > midnight - toIntervalDay(toUInt32({days:Float64})) AS is_new
        FROM sales
    )
SELECT
    concat('nothing was sold', if(account = 'main', '', concat(' by ', account)), ' from ', formatDateTime(since, '%F %H:%i', 'Europe/Moscow'), ' to ', formatDateTime(till, '%F %H:%i', 'Europe/Moscow'), ' Moscow time, before at most ', toString(round(usual, 1)), ' hours') AS what,
    account,
    since,
    till
FROM (SELECT *, maxIf(length, NOT is_new) OVER (PARTITION BY account) AS usual FROM stretches)
WHERE is_new AND length > greatest({hours:Float64}, usual * {times:Float64})
ORDER BY account, since
