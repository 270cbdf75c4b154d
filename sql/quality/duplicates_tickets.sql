-- title: No row of stg_qtickets_tickets stands twice
-- why: A SELECT without FINAL would count it twice
-- severity: fail
-- sources: qtickets

SELECT concat(job, ' is loading at this moment') AS unjudged FROM meta_job_runs FINAL
WHERE status = 'running' AND endsWith(job, '_loader') AND started_at > now() - toIntervalHour(1)
ORDER BY job LIMIT 1;

SELECT
    concat(toString(count() - 1), ' surplus rows of ', toString((ticket_id))) AS what,
    count() - 1 AS surplus,
    ticket_id
FROM stg_qtickets_tickets
GROUP BY ticket_id
HAVING count() > 1
ORDER BY ticket_id
