-- title: Each loader's newest run succeeded
-- why: Its data are as old as the last good run
-- severity: warn
-- sources: qtickets, vk_ads, direct

SELECT concat(job, ' failed at ', toString(finished), ' UTC: ', words) AS what, job, finished
FROM
(
    SELECT job, argMax(status, started_at) AS last, argMax(finished_at, started_at) AS finished, argMax(message, started_at) AS words
    FROM meta_job_runs FINAL WHERE endsWith(job, '_loader') AND status != 'running' GROUP BY job
)
WHERE last = 'failed'
ORDER BY job
