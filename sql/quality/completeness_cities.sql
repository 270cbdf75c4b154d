-- title: A city that sells every day sold that day, too
-- ru: Город, где покупают каждый день, не пропал
-- why: One city's sales may be missing while the day as a whole looks right
-- why_ru: Продажи города могли не загрузиться, хотя день в целом выглядит нормально
-- do: Look up the city's orders of that day in QTickets; if there are any, the day is to be loaded again
-- do_ru: Посмотрите заказы города за этот день в QTickets; если они там есть, нужна повторная загрузка дня
-- run: {load}
-- severity: warn
-- sources: qtickets
-- story: levels
-- key: account, city, day
-- days: 7
-- param: low = 5
-- param: evening = 20
-- param: ahead = 3
-- says: {who}: no order on {day}, usual {usual}: {city}
-- says_ru: {who}: {city}: {day} ни одного заказа, обычно {usual}

-- A city of one event is told by the event's name.
WITH
    events AS (SELECT account, event_id, toString(city) AS city, is_active, last_show_at FROM dim_events FINAL),
    -- include: sold_orders,
    days AS
    (
        SELECT o.account AS account, e.city AS thing, toDate(o.at, 'Europe/Moscow') AS d, count() AS n, sum(o.paid) AS taken, toHour(max(o.at), 'Europe/Moscow') AS last_hour
        FROM orders AS o INNER JOIN events AS e ON e.account = o.account AND e.event_id = o.event_id
        WHERE e.city != '' GROUP BY account, thing, d
    ),
    several AS
    (
        SELECT o.account AS account, e.city AS city FROM orders AS o INNER JOIN events AS e ON e.account = o.account AND e.event_id = o.event_id
        GROUP BY account, city HAVING uniqExact(o.event_id) > 1
    ),
    -- include: silent_days,
    -- include: ads_ended
SELECT 'qtickets' AS source, j.account AS account, j.thing AS city, j.day AS day, round(j.usual) AS usual, round(j.usual_money * j.pace, 2) AS money
FROM judged AS j
INNER JOIN (SELECT account, city, max(last_show_at) AS till FROM events WHERE is_active GROUP BY account, city) AS e ON e.account = j.account AND e.city = j.thing
WHERE j.is_silent AND e.till >= toDateTime64(j.day + 1 + toUInt32({ahead:Float64}), 3, 'Europe/Moscow')
    AND (j.account, j.thing) IN (SELECT account, city FROM several)
    AND (j.thing, j.day) NOT IN (SELECT city, day FROM ads_ended)
ORDER BY money DESC, account, city, day
