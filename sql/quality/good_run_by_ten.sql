-- title: By ten in the morning each source has read yesterday
-- why: Budgets are set in the morning, by figures up to yesterday
-- severity: fail
-- sources: qtickets, vk_ads, direct
-- param: hour = 10

SELECT 'nothing was loaded well in a week' AS unjudged
FROM meta_job_runs FINAL
WHERE endsWith(job, '_loader') AND status = 'success' AND started_at >= toDateTime64({today:Date} - 7, 3, 'Europe/Moscow')
HAVING count() = 0;

-- Of an account that has not been read for a week freshness_runs speaks.
WITH
    toDateTime64({today:Date}, 3, 'Europe/Moscow') AS midnight,
    midnight + toIntervalHour(toUInt32({hour:Float64})) AS due
SELECT concat(job, if(account = 'main', '', concat(' ', account)), ' has not read ', toString({today:Date} - 1), ' since it was over') AS what, job, account
FROM
(
    SELECT
        job,
        account,
        countIf(started_at >= midnight AND toDate(JSONExtractString(metrics, 'window', 'last')) >= {today:Date} - 1) AS good
    FROM meta_job_runs FINAL
    WHERE (replaceOne(job, '_loader', ''), account) IN {accounts:Array(Tuple(String, String))} AND status = 'success'
        AND started_at >= midnight - toIntervalDay(7)
    GROUP BY job, account
)
WHERE now64(3) >= due AND good = 0
ORDER BY job, account
