-- title: No row of stg_qtickets_sales_raw stands twice
-- why: A SELECT without FINAL would count it twice
-- severity: fail
-- sources: qtickets

SELECT concat(job, ' is loading at this moment') AS unjudged FROM meta_job_runs FINAL
WHERE status = 'running' AND endsWith(job, '_loader') AND started_at > now() - toIntervalHour(1)
ORDER BY job LIMIT 1;

SELECT
    concat(toString(count() - 1), ' surplus rows of ', toString((event_date, event_id, currency))) AS what,
    count() - 1 AS surplus,
    event_date, event_id, currency
FROM stg_qtickets_sales_raw
GROUP BY event_date, event_id, currency
HAVING count() > 1
ORDER BY event_date, event_id, currency
