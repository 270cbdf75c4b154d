-- title: All cities are known by one name
-- why: One city under two names has its ROMI torn in two
-- severity: warn
-- sources: qtickets, vk_ads, direct

SELECT concat('"', city, '" is no known city (', toString(n), ' rows)') AS what, city, n
FROM
(
    SELECT toString(city) AS city, count() AS n FROM dim_events FINAL WHERE city != '' GROUP BY city
    UNION ALL
    SELECT toString(utm_city), count() FROM v_ad_spend WHERE utm_city != '' AND stat_date >= {today:Date} - 30 GROUP BY utm_city
)
WHERE city NOT IN (SELECT city FROM dim_cities FINAL)
ORDER BY n DESC, city
