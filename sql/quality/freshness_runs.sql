-- title: Each source was loaded well lately
-- why: Data can look fresh while its loader has stopped
-- severity: fail
-- sources: qtickets, vk_ads, direct
-- param: hours = 24

SELECT 'nothing was loaded yet' AS unjudged
FROM
(
    SELECT 1 FROM meta_job_runs WHERE endsWith(job, '_loader')
    UNION ALL SELECT 1 FROM stg_qtickets_tickets
    UNION ALL SELECT 1 FROM fact_vk_ads_daily
    UNION ALL SELECT 1 FROM fact_direct_daily
)
HAVING count() = 0;

-- A loader that never ended well is given as long from its first try.
WITH
    toDateTime64({today:Date}, 3, 'Europe/Moscow') - toIntervalHour(toUInt32({hours:Float64})) AS due,
    runs AS
    (
        SELECT job, account, maxOrNull(if(status = 'success', finished_at, NULL)) AS good, min(started_at) AS tried
        FROM meta_job_runs FINAL WHERE endsWith(job, '_loader') GROUP BY job, account
    ),
    data AS
    (
        SELECT DISTINCT 'qtickets_loader' AS job, account FROM stg_qtickets_tickets
        UNION ALL SELECT DISTINCT 'vk_ads_loader', account FROM fact_vk_ads_daily
        UNION ALL SELECT DISTINCT 'direct_loader', account FROM fact_direct_daily
    )
SELECT
    concat(job, if(account = 'main', '', concat(' ', account)), if(good IS NULL, ' never ended well', concat(' ended well the last time at ', toString(assumeNotNull(good)), ' UTC'))) AS what,
    job,
    account,
    good
FROM
(
    SELECT job, account, good FROM runs WHERE coalesce(good, tried) < due
    UNION ALL
    SELECT job, account, NULL FROM data WHERE (job, account) NOT IN (SELECT job, account FROM runs)
)
WHERE (replaceOne(job, '_loader', ''), account) IN {accounts:Array(Tuple(String, String))}
ORDER BY job, account
