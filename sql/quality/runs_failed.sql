-- title: Each loader's newest run succeeded
-- why: Its data are as old as the last good run
-- severity: warn
-- sources: qtickets, vk_ads, direct
-- param: days = 30

SELECT concat(job, if(account = 'main', '', concat(' ', account)), ' failed at ', toString(finished), ' UTC: ', words) AS what, job, account, finished
FROM
(
    SELECT job, account, argMax(status, started_at) AS last, argMax(finished_at, started_at) AS finished, argMax(message, started_at) AS words
    FROM meta_job_runs FINAL
    WHERE (replaceOne(job, '_loader', ''), account) IN {accounts:Array(Tuple(String, String))} AND status != 'running'
        AND started_at >= toDateTime64({today:Date} - toUInt32({days:Float64}), 3, 'Europe/Moscow')
    GROUP BY job, account
)
WHERE last = 'failed'
ORDER BY job, account
