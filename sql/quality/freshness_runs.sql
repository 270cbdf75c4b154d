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
        SELECT job, maxOrNull(if(status = 'success', finished_at, NULL)) AS good, min(started_at) AS tried
        FROM meta_job_runs FINAL WHERE endsWith(job, '_loader') GROUP BY job
    )
SELECT
    concat(job, if(good IS NULL, ' never ended well', concat(' ended well the last time at ', toString(assumeNotNull(good)), ' UTC'))) AS what,
    job,
    good
FROM
(
    SELECT job, good, coalesce(good, tried) AS since FROM runs
    UNION ALL SELECT 'qtickets_loader', NULL, toDateTime64(0, 3, 'UTC') FROM (SELECT 1 FROM stg_qtickets_tickets LIMIT 1) WHERE 'qtickets_loader' NOT IN (SELECT job FROM runs)
    UNION ALL SELECT 'vk_ads_loader', NULL, toDateTime64(0, 3, 'UTC') FROM (SELECT 1 FROM fact_vk_ads_daily LIMIT 1) WHERE 'vk_ads_loader' NOT IN (SELECT job FROM runs)
    UNION ALL SELECT 'direct_loader', NULL, toDateTime64(0, 3, 'UTC') FROM (SELECT 1 FROM fact_direct_daily LIMIT 1) WHERE 'direct_loader' NOT IN (SELECT job FROM runs)
)
WHERE since < due
ORDER BY job
