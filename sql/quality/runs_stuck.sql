-- title: No run has been running for long
-- why: It died without a word, or hangs
-- severity: warn
-- sources: qtickets, vk_ads, direct
-- param: hours = 6

SELECT concat(job, ' is running since ', toString(started_at), ' UTC') AS what, job, run_id, started_at
FROM meta_job_runs AS r FINAL
WHERE status = 'running' AND started_at < now() - toIntervalHour(toUInt32({hours:Float64}))
    AND started_at > (SELECT max(started_at) FROM meta_job_runs AS o FINAL WHERE o.status = 'success')
ORDER BY job, started_at
