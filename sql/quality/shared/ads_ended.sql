-- Cities whose ads ran every day for a week, and the three days after the last one: there the sale is over, and nothing was lost.
-- Only of days that loads of all advertising have read: ads that are not loaded yet have not ended.
    ads_ended AS
    (
        SELECT city, arrayJoin(range(1, 4)) AS later, arrayJoin(on_days) + later AS day
        FROM
        (
            SELECT toString(utm_city) AS city, groupUniqArray(stat_date) AS on_days
            FROM v_ad_spend WHERE stat_date >= {since:Date} - 9 AND stat_date < {today:Date} AND utm_city != '' AND spend > 0
            GROUP BY city
        )
        WHERE NOT arrayExists(d -> d > day - later AND d <= day, on_days) AND arrayAll(back -> has(on_days, day - later - back), range(7))
            AND day <=
            (
                SELECT min(read_till)
                FROM
                (
                    SELECT max(least(toDate(JSONExtractString(metrics, 'window', 'last')), toDate(started_at, 'Europe/Moscow') - 1)) AS read_till
                    FROM meta_job_runs FINAL
                    WHERE job IN ('vk_ads_loader', 'direct_loader') AND status = 'success' AND JSONHas(metrics, 'window')
                        AND (replaceOne(toString(job), '_loader', ''), account) IN {accounts:Array(Tuple(String, String))}
                        AND started_at >= toDateTime64({since:Date}, 3, 'Europe/Moscow')
                    GROUP BY job, account
                )
            )
    )
