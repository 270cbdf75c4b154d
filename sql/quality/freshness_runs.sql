-- title: Each source was loaded well lately
-- why: Data can look fresh while its loader has stopped
-- severity: fail
-- sources: qtickets, vk_ads, direct
-- param: hours = 24

SELECT
    concat(job, ' ended well the last time at ', toString(good), ' UTC') AS what,
    job,
    good
FROM
(
    SELECT job, maxOrNull(if(status = 'success', finished_at, NULL)) AS good
    FROM meta_job_runs FINAL
    WHERE endsWith(job, '_loader')
    GROUP BY job
)
WHERE good IS NULL OR good < toDateTime64({today:Date}, 3, 'Europe/Moscow') - toIntervalHour(toUInt32({hours:Float64}))
ORDER BY job
