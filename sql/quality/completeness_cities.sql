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
-- says_ru: {who}: ни одного заказа за {day}, обычно {usual}: город «{city}»

-- A load lacks whole days, so what is missing ends at midnight: sales that ended before the evening were sold out or
-- stopped by a person. `low`: orders of its third-quietest day of three weeks, less if the rest of the account is
-- quiet, too. Beside public holidays nothing is usual.
WITH
    events AS (SELECT account, event_id, toString(city) AS city, is_active, last_show_at FROM dim_events FINAL),
    orders AS
    (
        SELECT account, event_id, order_id, min(booked_at) AS at, toFloat64(sum(amount)) AS paid
        FROM stg_qtickets_tickets FINAL
        WHERE state IN ('paid', 'refunded') AND ('qtickets', account) IN {accounts:Array(Tuple(String, String))}
            AND booked_at >= toDateTime64({since:Date} - 22, 3, 'Europe/Moscow') AND booked_at < toDateTime64({today:Date}, 3, 'Europe/Moscow')
        GROUP BY account, event_id, order_id
    ),
    days AS
    (
        SELECT o.account AS account, e.city AS city, toDate(o.at, 'Europe/Moscow') AS d, count() AS n, sum(o.paid) AS taken, toHour(max(o.at), 'Europe/Moscow') AS last_hour
        FROM orders AS o INNER JOIN events AS e ON e.account = o.account AND e.event_id = o.event_id
        WHERE e.city != '' GROUP BY account, city, d
    ),
    grid AS
    (
        SELECT
            account, city, arraySort(groupArray((d, n, taken, last_hour))) AS sold, arrayMap(x -> x.1, sold) AS had,
            arrayJoin(arrayMap(i -> {today:Date} - 1 - i, range(toUInt32({today:Date} - {since:Date})))) AS day
        FROM days GROUP BY account, city
    ),
    known AS
    (
        SELECT
            account, city, day, arrayMap(i -> indexOf(had, day - i), range(22)) AS places,
            arrayMap(p -> if(p = 0, 0, sold[p].2), places) AS counts, counts[1] AS orders, arraySlice(counts, 2) AS before,
            arraySort(before)[3] AS low, arrayReduce('median', arraySlice(before, 1, 14)) AS usual,
            if(places[2] = 0, 0, sold[places[2]].4) AS sold_till_before,
            arraySum(arrayMap(p -> if(p = 0, 0., sold[p].3), arraySlice(places, 2))) / 21 AS usual_money
        FROM grid WHERE has(had, day - 1) AND had[1] <= day - 21
    ),
    beside AS
    (
        SELECT *, sum(orders) OVER a - orders AS others, sum(usual) OVER a - usual AS others_usual
        FROM known WINDOW a AS (PARTITION BY account, day)
    ),
    judged AS
    (
        SELECT
            *, if(others_usual < 10, 1, least(1, others / others_usual)) AS pace, low * pace AS expected,  has({open:Array(String)}, concat(account, '/', toString(city), '/', toString(day))) AS is_open
        FROM beside
    )
SELECT 'qtickets' AS source, account, city, day, round(usual) AS usual, round(usual_money * pace, 2) AS money
FROM judged
WHERE orders = 0 AND expected >= {low:Float64} * if(is_open, 0.8, 1) AND sold_till_before >= {evening:Float64}
    AND NOT has({quiet:Array(Date)}, day)
    AND (account, city, day) IN (SELECT k.account, k.city, k.day FROM known AS k INNER JOIN (SELECT account, city, max(last_show_at) AS till FROM events WHERE is_active GROUP BY account, city) AS e ON e.account = k.account AND e.city = k.city WHERE e.till >= toDateTime64(k.day + 1 + toUInt32({ahead:Float64}), 3, 'Europe/Moscow'))
ORDER BY money DESC, account, city, day
