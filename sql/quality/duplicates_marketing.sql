-- title: No row of agg_marketing_daily stands twice
-- why: A SELECT without FINAL would count it twice
-- severity: fail
-- sources: qtickets, vk_ads, direct

SELECT concat(job, ' is loading at this moment') AS unjudged FROM meta_job_runs FINAL
WHERE status = 'running' AND endsWith(job, '_loader') AND started_at > now() - toIntervalHour(1)
ORDER BY job LIMIT 1;

SELECT
    concat(toString(count() - 1), ' surplus rows of ', toString((d, city, source))) AS what,
    count() - 1 AS surplus,
    d, city, source
FROM agg_marketing_daily
GROUP BY d, city, source
HAVING count() > 1
ORDER BY d, city, source
