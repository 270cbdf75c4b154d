-- title: No stretch of hours without a sale is far longer than any before
-- why: A load that broke off in the middle of a day leaves the rest of it empty
-- severity: warn
-- sources: qtickets
-- param: days = 3
-- param: hours = 9
-- param: times = 1.6

SELECT if(count() = 0, 'no sales yet', 'fewer than four weeks of sales') AS unjudged
FROM stg_qtickets_tickets FINAL WHERE paid_at IS NOT NULL
HAVING count() = 0 OR toDate(min(assumeNotNull(paid_at)), 'Europe/Moscow') > {today:Date} - 29;

WITH
    toDateTime64({today:Date}, 3, 'Europe/Moscow') AS midnight,
    sales AS
    (
        SELECT assumeNotNull(paid_at) AS at FROM stg_qtickets_tickets FINAL
        WHERE state IN ('paid', 'refunded') AND paid_at >= midnight - toIntervalDay(31) AND paid_at < midnight
        UNION ALL SELECT toTimeZone(midnight, 'UTC')
    ),
    stretches AS
    (
        SELECT
            lagInFrame(at, 1, at) OVER (ORDER BY at ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS since,
            at AS till,
            dateDiff('minute', since, till) / 60 AS length,
            till > midnight - toIntervalDay(toUInt32({days:Float64})) AS is_new
        FROM sales
    )
SELECT
    concat('nothing was sold from ', formatDateTime(since, '%F %H:%i', 'Europe/Moscow'), ' to ', formatDateTime(till, '%F %H:%i', 'Europe/Moscow'), ' Moscow time, before at most ', toString(round(usual, 1)), ' hours') AS what,
    since,
    till
FROM stretches CROSS JOIN (SELECT maxIf(length, NOT is_new) AS usual FROM stretches) AS u
WHERE is_new AND length > greatest({hours:Float64}, usual * {times:Float64})
ORDER BY since
