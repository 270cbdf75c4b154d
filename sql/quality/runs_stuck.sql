-- title: No run has been running for long
-- why: It died without a word, or hangs
-- severity: warn
-- sources: qtickets, vk_ads, direct
-- param: hours = 6

-- One that a later good run of the same job has followed is over, whatever its row says.
WITH least(now64(3, 'UTC'), toDateTime64({today:Date} + 1, 3, 'Europe/Moscow')) AS at
SELECT concat(r.job, ' is running since ', toString(r.started_at), ' UTC') AS what, r.job AS job, r.run_id AS run_id, r.started_at AS started_at
FROM (SELECT * FROM meta_job_runs FINAL WHERE status = 'running') AS r
LEFT JOIN (SELECT job, max(started_at) AS newest FROM meta_job_runs FINAL WHERE status = 'success' GROUP BY job) AS g ON g.job = r.job
WHERE r.started_at < at - toIntervalHour(toUInt32({hours:Float64})) AND r.started_at > g.newest
ORDER BY job, started_at
