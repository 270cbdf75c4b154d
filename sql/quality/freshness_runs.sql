-- title: Each source was loaded well lately
-- why: Data can look fresh while its loader has stopped
-- severity: fail
-- sources: qtickets, vk_ads, direct
-- param: hours = 24
-- param: days = 90

SELECT 'nothing was loaded yet' AS unjudged
FROM
(
    SELECT 1 FROM meta_accounts
    UNION ALL SELECT 1 FROM meta_job_runs WHERE endsWith(job, '_loader') AND started_at >= toDateTime64({today:Date} - toUInt32({days:Float64}), 3, 'Europe/Moscow')
)
HAVING count() = 0;

-- A loader that never ended well is given as long from its first try. Of an account that was loaded once, the newest
-- runs are read.
WITH
    toDateTime64({today:Date}, 3, 'Europe/Moscow') - toIntervalHour(toUInt32({hours:Float64})) AS due,
    runs AS
    (
        SELECT job, account, maxOrNull(if(status = 'success', finished_at, NULL)) AS good, min(started_at) AS tried
        FROM meta_job_runs FINAL
        WHERE endsWith(job, '_loader') AND started_at >= due - toIntervalDay(toUInt32({days:Float64})) GROUP BY job, account
    ),
    loaded AS (SELECT concat(source, '_loader') AS job, account FROM meta_accounts FINAL)
SELECT
    concat(job, if(account = 'main', '', concat(' ', account)), if(good IS NULL, concat(' did not end well in ', toString({days:Float64}), ' days'), concat(' ended well the last time at ', toString(assumeNotNull(good)), ' UTC'))) AS what,
    job,
    account,
    good
FROM
(
    SELECT job, account, good FROM runs WHERE coalesce(good, tried) < due
    UNION ALL
    SELECT job, account, NULL FROM loaded WHERE (job, account) NOT IN (SELECT job, account FROM runs)
)
WHERE (replaceOne(job, '_loader', ''), account) IN {accounts:Array(Tuple(String, String))}
ORDER BY job, account
