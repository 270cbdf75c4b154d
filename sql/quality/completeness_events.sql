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
-- says_ru: {who}: ни одного заказа за {day}, обычно {usual}: {event}

-- A load lacks whole days, so what is missing ends at midnight: sales that ended before the evening were sold out or
-- stopped by a person. `low`: orders of its third-quietest day of three weeks, less if the rest of the account is
-- quiet, too. Beside public holidays nothing is usual.
WITH
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
        SELECT account, event_id, toDate(at, 'Europe/Moscow') AS d, count() AS n, sum(paid) AS taken, toHour(max(at), 'Europe/Moscow') AS last_hour
        FROM orders GROUP BY account, event_id, d
    ),
    grid AS
    (
        SELECT
            account, event_id, arraySort(groupArray((d, n, taken, last_hour))) AS sold, arrayMap(x -> x.1, sold) AS had,
            arrayJoin(arrayMap(i -> {today:Date} - 1 - i, range(toUInt32({today:Date} - {since:Date})))) AS day
        FROM days GROUP BY account, event_id
    ),
    known AS
    (
        SELECT
            account, event_id, day, arrayMap(i -> indexOf(had, day - i), range(22)) AS places,
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
            *, if(others_usual < 10, 1, least(1, others / others_usual)) AS pace, low * pace AS expected,  has({open:Array(String)}, concat(account, '/', toString(event_id), '/', toString(day))) AS is_open
        FROM beside
    )
SELECT
    'qtickets' AS source, j.account AS account, j.event_id AS event_id, e.event_name AS event, day, round(j.usual) AS usual,
    round(usual_money * pace, 2) AS money
FROM judged AS j
INNER JOIN (SELECT account, event_id, event_name, is_active, last_show_at FROM dim_events FINAL) AS e ON e.account = j.account AND e.event_id = j.event_id
WHERE orders = 0 AND expected >= {low:Float64} * if(is_open, 0.8, 1) AND sold_till_before >= {evening:Float64}
    AND NOT has({quiet:Array(Date)}, day)
    AND e.is_active AND e.last_show_at >= toDateTime64(day + 1 + toUInt32({ahead:Float64}), 3, 'Europe/Moscow')
ORDER BY money DESC, account, event_id, day
