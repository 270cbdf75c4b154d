-- title: All cities are known by one name
-- why: One city under two names has its ROMI torn in two
-- severity: warn
-- sources: qtickets, vk_ads, direct

SELECT 'the table of cities is empty: nothing was loaded yet' AS unjudged FROM dim_cities HAVING count() = 0;

SELECT concat('"', city, '" is no known city (', toString(rows), ' rows of ', place, ')') AS what, city, place, rows
FROM
(
    SELECT 'dim_events' AS place, toString(city) AS city, count() AS rows FROM dim_events FINAL WHERE city != '' GROUP BY city
    UNION ALL SELECT 'fact_vk_ads_daily', toString(utm_city), count() FROM fact_vk_ads_daily FINAL WHERE utm_city != '' AND stat_date >= {today:Date} - 30 GROUP BY utm_city
    UNION ALL SELECT 'fact_direct_daily', toString(utm_city), count() FROM fact_direct_daily FINAL WHERE utm_city != '' AND stat_date >= {today:Date} - 30 GROUP BY utm_city
)
WHERE city NOT IN (SELECT city FROM dim_cities FINAL)
ORDER BY rows DESC, city, place
