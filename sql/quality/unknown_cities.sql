-- title: All cities are known by one name
-- ru: Каждый город известен под одним именем
-- why: One city under two names has its ROMI torn in two
-- why_ru: Один город под двумя именами: его ROMI разорван надвое
-- do: Correct the city in QTickets, in the ad's tags or in the costs file; a right one is added to cities.csv by whoever runs Zakaz
-- do_ru: Проверьте название города в QTickets, в метках объявления или в файле расходов; если оно верно, администратор Zakaz добавит его в cities.csv
-- severity: warn
-- story: exact
-- key: place, city
-- days: 30
-- sources: qtickets, vk_ads, direct, costs
-- says: {who}: "{city}" is no known city[, {money} ₽ are booked on it]
-- says_ru: {who}: неизвестный город «{city}»[, продажи или расход {money} ₽]

SELECT 'the table of cities is empty: nothing was loaded yet' AS unjudged FROM dim_cities HAVING count() = 0;

SELECT source, place, account, city, day, money
FROM
(
    SELECT 'qtickets' AS source, 'dim_events' AS place, any(e.account) AS account, toString(e.city) AS city, sum(s.revenue) AS money, NULL AS day
    FROM (SELECT * FROM dim_events FINAL) AS e
    LEFT JOIN (SELECT account, event_id, revenue FROM stg_qtickets_sales_raw FINAL WHERE event_date >= {since:Date}) AS s ON s.account = e.account AND s.event_id = e.event_id
    WHERE e.city != '' GROUP BY e.city
    UNION ALL
    SELECT source, concat('fact_', source, '_daily'), any(account), toString(utm_city), sum(spent), min(stat_date) FROM v_ad_days WHERE utm_city != '' AND stat_date >= {since:Date} GROUP BY source, utm_city
    UNION ALL
    SELECT 'costs', 'fact_other_costs_daily', any(account), toString(city), sum(spent), min(day) FROM fact_other_costs_daily FINAL WHERE city != '' AND day >= {since:Date} GROUP BY city
)
WHERE city NOT IN (SELECT city FROM dim_cities FINAL)
ORDER BY money DESC, city, place
