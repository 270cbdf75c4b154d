-- What the figures are in, by the newest load; since when there are any, and any of each source: before that a day without
-- sales or spend may be one that was not loaded; when the checks last looked.
SELECT
    (SELECT any(currency) FROM dim_report FINAL)                        AS currency,
    (SELECT any(spend_with_vat) FROM dim_report FINAL) = 1              AS with_vat,
    (SELECT minOrNull(d) FROM v_marketing_daily)                        AS since,
    (
        SELECT maxOrNull(first)
        FROM
        (
            SELECT source, min(day) AS first
            FROM
            (
                SELECT replaceOne(toString(job), '_loader', '') AS source, toDate(JSONExtractString(metrics, 'window', 'first')) AS day
                FROM meta_job_runs FINAL WHERE status = 'success' AND JSONHas(metrics, 'window')
                UNION ALL
                SELECT if(tickets_sold > 0, 'qtickets', toString(source)), d FROM v_marketing_daily WHERE tickets_sold > 0 OR spend_total > 0
            )
            WHERE source IN ('qtickets', 'vk_ads', 'direct')
            GROUP BY source
        )
    )                                                                   AS all_since,
    (SELECT maxOrNull(checked_at) FROM meta_quality_checks)             AS checked_at
