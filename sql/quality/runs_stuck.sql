-- title: No run has been running for long
-- why: It died without a word, or hangs
-- severity: warn
-- sources: qtickets, vk_ads, direct
-- param: hours = 6
-- param: days = 90

-- Whatever came later: a run that was killed may have left half of its work, and its row says so until it is closed.
WITH least(now64(3, 'UTC'), toDateTime64({today:Date} + 1, 3, 'Europe/Moscow')) AS at
SELECT concat(job, if(account IN ('', 'main'), '', concat(' ', account)), ' is running since ', toString(started_at), ' UTC') AS what, job, account, run_id, started_at
FROM meta_job_runs FINAL
WHERE status = 'running' AND started_at < at - toIntervalHour(toUInt32({hours:Float64})) AND started_at >= at - toIntervalDay(toUInt32({days:Float64}))
    AND (NOT endsWith(job, '_loader') OR (replaceOne(job, '_loader', ''), account) IN {accounts:Array(Tuple(String, String))})
ORDER BY job, account, started_at
