-- title: An event that sells every day sold that day, too
-- ru: Событие, которое продаётся каждый день, не пропало
-- why: One event's sales may be missing while the day as a whole looks right
-- why_ru: Продажи события могли не загрузиться, хотя день в целом выглядит нормально
-- do: Look up the event's orders of that day in QTickets; if there are any, the day is to be loaded again
-- do_ru: Посмотрите заказы события за этот день в QTickets; если они там есть, нужна повторная загрузка дня
-- run: {load}
-- severity: warn
-- sources: qtickets
-- story: levels
-- key: account, event_id, day
-- days: 7
-- param: low = 5
-- param: evening = 20
-- param: ahead = 3
-- says: {who}: no order on {day}, usual {usual}: {event}
-- says_ru: {who}: {day} ни одного заказа, обычно {usual}: {event}

WITH
    -- include: sold_orders,
    days AS
    (
        SELECT account, event_id AS thing, toDate(at, 'Europe/Moscow') AS d, count() AS n, sum(paid) AS taken, toHour(max(at), 'Europe/Moscow') AS last_hour
        FROM orders GROUP BY account, thing, d
    ),
    -- include: silent_days,
    -- include: ads_ended
SELECT
    'qtickets' AS source, j.account AS account, j.thing AS event_id, e.event_name AS event, j.day AS day, round(j.usual) AS usual,
    round(j.usual_money * j.pace, 2) AS money
FROM judged AS j
INNER JOIN (SELECT account, event_id, event_name, toString(city) AS city, last_show_at FROM dim_events FINAL WHERE is_active) AS e ON e.account = j.account AND e.event_id = j.thing
WHERE j.is_silent AND e.last_show_at >= toDateTime64(j.day + 1 + toUInt32({ahead:Float64}), 3, 'Europe/Moscow')
    AND (e.city, j.day) NOT IN (SELECT city, day FROM ads_ended)
ORDER BY money DESC, account, event_id, day
