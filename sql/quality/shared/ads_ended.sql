-- Cities whose ads ran every day for a week, and the three days after the last one: there the sale is over, and nothing was lost.
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
    )
