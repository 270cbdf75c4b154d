-- title: No hours without a sale where there always were many
-- ru: Нет пустых часов там, где всегда продавали
-- why: A load that broke off in the middle of a day leaves the rest of it empty
-- why_ru: Загрузка оборвалась среди дня, и остальных продаж не хватает
-- do: Look in QTickets for orders of these hours, and whether the sale was closed; if there are any, the day is to be loaded again
-- do_ru: Посмотрите заказы этих часов в QTickets и не закрывали ли там продажу; если заказы есть, нужна повторная загрузка дня
-- run: {load}
-- severity: warn
-- sources: qtickets
-- story: levels
-- key: account, day
-- days: 7
-- param: orders = 13
-- param: times = 1.8
-- param: history = 21
-- says: {who}: no sale on {day} from {since} to {till}, usually {expected} orders
-- says_ru: {who}: нет продаж {day} с {since} до {till}, обычно за это время заказов: {expected}

SELECT 'fewer than four weeks of sales' AS unjudged
FROM stg_qtickets_sales_raw FINAL
WHERE event_date >= {since:Date} - 60 AND event_date < {today:Date} - 28
HAVING count() = 0;

-- What the empty hours should have sold: their share of a day in four weeks before, of a quiet day of the last two weeks
-- or of what the other hours of the day let expect, whichever is less, but of half a quiet day at least: those hours may
-- be lost, too. And far more than the emptiest stretch of most days before. An account without a show to come has nothing
-- to sell.
WITH
    orders AS
    (
        SELECT account, order_id, min(booked_at) AS at, toDate(at, 'Europe/Moscow') AS d, toFloat64(sum(amount)) AS paid
        FROM stg_qtickets_tickets FINAL
        WHERE state IN ('paid', 'refunded') AND ('qtickets', account) IN {accounts:Array(Tuple(String, String))}
            AND booked_at >= toDateTime64({since:Date} - 70, 3, 'Europe/Moscow') AND booked_at < toDateTime64({today:Date}, 3, 'Europe/Moscow')
        GROUP BY account, order_id
    ),
    days AS
    (
        SELECT
            account, d, count() AS n, sum(paid) AS taken, arraySort(groupArray(dateDiff('second', toDateTime(d, 'Europe/Moscow'), at) / 3600)) AS moments,
            arrayMap(h -> toUInt64(countEqual(groupArray(toHour(at, 'Europe/Moscow')), h)), range(24)) AS by_hour
        FROM orders GROUP BY account, d
    ),
    known AS
    (
        SELECT *, sumForEach(by_hour) OVER w AS profile, sum(n) OVER w AS n_before, count() OVER w AS days_before, quantileExact(0.2)(n) OVER v AS quiet
        FROM days
        WINDOW w AS (PARTITION BY account ORDER BY toInt32(d) RANGE BETWEEN 28 PRECEDING AND 1 PRECEDING),
            v AS (PARTITION BY account ORDER BY toInt32(d) RANGE BETWEEN 14 PRECEDING AND 1 PRECEDING)
    ),
    gaps AS
    (
        SELECT
            account, d, n, taken, days_before, quiet,
            arrayPushFront(arrayCumSum(arrayMap(x -> x / n_before, profile)), 0.) AS until_hour,
            arrayPushFront(arrayPushBack(moments, 24.), 0.) AS edges,
            -- The share of a day's orders up to a moment of it.
            arrayMap(m -> until_hour[toUInt8(least(m, 23.999)) + 1] + (m - toUInt8(least(m, 23.999))) * (until_hour[toUInt8(least(m, 23.999)) + 2] - until_hour[toUInt8(least(m, 23.999)) + 1]), edges) AS shares,
            arrayPopFront(arrayDifference(shares)) AS widths,
            arrayMax(widths) AS widest, indexOf(widths, widest) AS place, widest * least(toFloat64(quiet), greatest(n / greatest(1 - widest, 1e-9), quiet / 2)) AS expected_orders
        FROM known WHERE days_before >= {history:Float64}
    ),
    judged AS
    (
        SELECT *, quantileExact(0.95)(expected_orders) OVER (PARTITION BY account ORDER BY toInt32(d) RANGE BETWEEN 42 PRECEDING AND 1 PRECEDING) AS before
        FROM gaps
    )
SELECT
    'qtickets' AS source, account, d AS day, leftPad(toString(toUInt8(floor(edges[place]))), 2, '0') || ':' || leftPad(toString(toUInt8(floor((edges[place] - floor(edges[place])) * 60))), 2, '0') AS since,
    leftPad(toString(toUInt8(floor(edges[place + 1]))), 2, '0') || ':' || leftPad(toString(toUInt8(floor((edges[place + 1] - floor(edges[place + 1])) * 60))), 2, '0') AS till,
    toUInt64(round(expected_orders)) AS expected, round(taken / n * expected_orders, 2) AS money
FROM judged
WHERE d >= {since:Date} AND expected_orders >= greatest({orders:Float64}, before * {times:Float64}) * if(has({open:Array(String)}, concat(account, '/', toString(d))), 0.8, 1)
    AND NOT has({quiet:Array(Date)}, d)
    AND (account, d) IN
    (
        SELECT s.account, s.d FROM days AS s INNER JOIN (SELECT account, max(last_show_at) AS till FROM dim_events FINAL WHERE is_active GROUP BY account) AS e ON e.account = s.account
        WHERE e.till >= toDateTime64(s.d + 2, 3, 'Europe/Moscow')
    )
ORDER BY money DESC, account, day
