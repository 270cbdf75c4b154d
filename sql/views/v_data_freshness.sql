-- How fresh each source is: by its newest day of data and by its last good run.
SELECT
    s.source                                                     AS source,
    s.latest_date                                                AS latest_date,
    if(s.latest_date IS NULL, NULL, toDate(now(), 'Europe/Moscow') - s.latest_date) AS days_behind,
    r.last_success_at                                            AS last_success_at,
    dateDiff('minute', r.last_success_at, now64(3, 'UTC'))       AS minutes_since_success,
    r.last_status                                                AS last_status
FROM
(
    SELECT 'qtickets' AS source, 'qtickets_loader' AS job, maxOrNull(event_date) AS latest_date FROM stg_qtickets_sales_raw
    UNION ALL SELECT 'vk_ads', 'vk_ads_loader', maxOrNull(stat_date) FROM fact_vk_ads_daily
    UNION ALL SELECT 'direct', 'direct_loader', maxOrNull(stat_date) FROM fact_direct_daily
) AS s
LEFT JOIN
(
    SELECT
        job,
        maxOrNull(if(status = 'success', finished_at, NULL)) AS last_success_at,
        argMax(status, started_at)                            AS last_status
    FROM meta_job_runs FINAL
    GROUP BY job
) AS r ON r.job = s.job
-- DataLens asks with join_use_nulls = 1; the types of these columns must not depend on who asks.
SETTINGS join_use_nulls = 0
