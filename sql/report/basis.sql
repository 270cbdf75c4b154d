-- What the figures are in, by the newest load; since when there are any, and any of each account: before that a day without
-- sales or spend may be one that was not loaded; when the checks last looked.
SELECT
    (SELECT any(currency) FROM dim_report FINAL)                        AS currency,
    (SELECT any(spend_with_vat) FROM dim_report FINAL) = 1              AS with_vat,
    (SELECT minOrNull(d) FROM v_marketing_daily)                        AS since,
    (
        SELECT maxOrNull(first)
        FROM
        (
            SELECT source, account, min(day) AS first
            FROM
            (
                SELECT replaceOne(toString(job), '_loader', '') AS source, toString(account) AS account, toDate(JSONExtractString(metrics, 'window', 'first')) AS day
                FROM meta_job_runs FINAL WHERE status = 'success' AND JSONHas(metrics, 'window')
                UNION ALL
                SELECT 'qtickets', toString(account), min(event_date) FROM stg_qtickets_sales_raw GROUP BY account
                UNION ALL
                SELECT 'vk_ads', toString(account), min(stat_date) FROM fact_vk_ads_daily GROUP BY account
                UNION ALL
                SELECT 'direct', toString(account), min(stat_date) FROM fact_direct_daily GROUP BY account
            )
            WHERE source IN ('qtickets', 'vk_ads', 'direct')
            GROUP BY source, account
        )
    )                                                                   AS all_since,
    (SELECT maxOrNull(checked_at) FROM meta_quality_checks)             AS checked_at
