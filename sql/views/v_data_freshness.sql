-- How fresh each account of a source is: by its newest day of data and by its last good run. An account is here
-- from its first run on; a source that never ran has a row without an account, the costs file has none.
SELECT
    n.source                                                     AS source,
    r.account                                                    AS account,
    s.latest_date                                                AS latest_date,
    -- The costs file is as complete as it is written.
    if(s.latest_date IS NULL OR n.source = 'costs', NULL, toDate(now(), 'Europe/Moscow') - s.latest_date) AS days_behind,
    r.last_success_at                                            AS last_success_at,
    dateDiff('minute', r.last_success_at, now64(3, 'UTC'))       AS minutes_since_success,
    r.last_status                                                AS last_status
FROM
(
    SELECT arrayJoin(['qtickets', 'vk_ads', 'direct']) AS source
    UNION DISTINCT
    SELECT 'costs' FROM meta_job_runs FINAL WHERE job = 'costs_loader'
) AS n
LEFT JOIN
(
    SELECT
        replaceRegexpOne(job, '_loader$', '')                 AS source,
        account,
        maxOrNull(if(status = 'success', finished_at, NULL)) AS last_success_at,
        argMax(status, started_at)                            AS last_status
    FROM meta_job_runs FINAL
    WHERE endsWith(job, '_loader')
    GROUP BY source, account
) AS r ON r.source = n.source
LEFT JOIN
(
    SELECT 'qtickets' AS source, account, maxOrNull(event_date) AS latest_date FROM stg_qtickets_sales_raw GROUP BY account
    UNION ALL SELECT 'vk_ads', account, maxOrNull(stat_date) FROM fact_vk_ads_daily GROUP BY account
    UNION ALL SELECT 'direct', account, maxOrNull(stat_date) FROM fact_direct_daily GROUP BY account
    UNION ALL SELECT 'costs', account, maxOrNull(day) FROM fact_other_costs_daily GROUP BY account
) AS s ON s.source = n.source AND s.account = r.account
-- DataLens asks with join_use_nulls = 1; the types of these columns must not depend on who asks.
SETTINGS join_use_nulls = 0
