-- title: Every day was read by a good run after it was over
-- why: A day that no run has read to its end is missing or half there, however its figures look
-- severity: fail
-- sources: qtickets, vk_ads, direct
-- param: days = 90

SELECT 'no good run has told yet which days it read' AS unjudged
FROM meta_job_runs FINAL
WHERE endsWith(job, '_loader') AND status = 'success' AND JSONHas(metrics, 'window')
    AND started_at >= toDateTime64({today:Date} - 2 * toUInt32({days:Float64}), 3, 'Europe/Moscow')
HAVING count() = 0;

-- Yesterday is left to freshness_runs: the run that reads it may be still to come. A day is read by runs after it; the
-- older ones tell that the account was there already.
WITH read AS
(
    SELECT
        job,
        account,
        toDate(JSONExtractString(metrics, 'window', 'first')) AS first,
        least(toDate(JSONExtractString(metrics, 'window', 'last')), toDate(started_at, 'Europe/Moscow') - 1) AS last
    FROM meta_job_runs FINAL
    WHERE (replaceOne(job, '_loader', ''), account) IN {accounts:Array(Tuple(String, String))} AND status = 'success' AND JSONHas(metrics, 'window')
        AND started_at >= toDateTime64({today:Date} - 2 * toUInt32({days:Float64}), 3, 'Europe/Moscow')
)
SELECT concat(job, if(account = 'main', '', concat(' ', account)), ': no good run has read ', toString(day), ' since it was over') AS what, job, account, day
FROM
(
    SELECT job, account, arrayJoin(arrayMap(n -> addDays(since, n), range(toUInt32({today:Date} - 1 - since)))) AS day
    FROM
    (
        SELECT job, account, greatest(min(first), {today:Date} - toUInt32({days:Float64})) AS since
        FROM read GROUP BY job, account HAVING since < {today:Date} - 1
    )
)
WHERE (job, account, day) NOT IN
(
    SELECT job, account, arrayJoin(arrayMap(n -> addDays(begins, n), range(toUInt32(last - begins + 1)))) AS day
    FROM (SELECT job, account, greatest(first, {today:Date} - toUInt32({days:Float64})) AS begins, last FROM read)
    WHERE last >= begins
)
ORDER BY job, account, day
