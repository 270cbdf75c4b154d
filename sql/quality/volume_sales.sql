-- title: No day, and no event's day, sold far less than usual while its shows are still to come
-- ru: Продажи дня не упали резко без причины
-- why: Half a day loads as easily as a whole one
-- why_ru: Половина дня загружается так же легко, как целый день
-- do: Compare the number of orders of the day in QTickets with the report; if there are more, the day is to be loaded again
-- do_ru: Сверьте число заказов дня в QTickets с отчётом; если там больше, нужна повторная загрузка дня
-- run: {load}
-- severity: warn
-- sources: qtickets, vk_ads, direct
-- story: levels
-- key: account, event_id, day
-- days: 7
-- param: low = 0.62
-- param: spread = 5
-- param: clicks = 0.6
-- param: orders = 18
-- param: ahead = 3
-- param: whole = 0.65
-- param: fall = 1
-- param: taken = 0.3
-- says: {who}: {orders} orders on {day} instead of {usual}: {event}
-- says_ru: {who}: заказов {orders} вместо {usual} за {day}: {event_ru}

SELECT 'fewer than six weeks of sales' AS unjudged
FROM stg_qtickets_sales_raw FINAL
WHERE event_date >= {since:Date} - 80 AND event_date < {today:Date} - 42
HAVING count() = 0;

-- Rush and quiet are normal in this trade. So a rise is not judged, and a fall only of events that have sold for
-- six weeks, have a show to come and, where there are ads, people who click as usual. A day is compared with the median of two
-- weeks before, half-way to what such weekdays were, and must fall out of what the last two weeks strayed. A fall that
-- goes on is told once: not within five days of another. event_id 0: all such events of the account. Beside public
-- holidays nothing is usual.
WITH
    orders AS
    (
        SELECT account, event_id, order_id, toDate(min(booked_at), 'Europe/Moscow') AS d, toFloat64(sum(amount)) AS paid
        FROM stg_qtickets_tickets FINAL
        WHERE state IN ('paid', 'refunded')
            AND booked_at >= toDateTime64({since:Date} - 42, 3, 'Europe/Moscow') AND booked_at < toDateTime64({today:Date}, 3, 'Europe/Moscow')
        GROUP BY account, event_id, order_id
    ),
    grid AS
    (
        SELECT
            account, event_id, arraySort(groupArray((d, n, taken))) AS sold, arrayMap(x -> x.1, sold) AS had,
            arrayJoin(arrayMap(i -> {today:Date} - 1 - i, range(toUInt32({today:Date} - {since:Date})))) AS day
        FROM (SELECT account, event_id, d, count() AS n, sum(paid) AS taken FROM orders GROUP BY account, event_id, d)
        GROUP BY account, event_id
    ),
    series AS
    (
        SELECT
            account, arrayJoin([event_id, 0]) AS thing, day,
            sumForEach(arrayMap(i -> if(indexOf(had, day - i) = 0, 0, sold[indexOf(had, day - i)].2), range(43))) AS counts,
            sum(arraySum(x -> x.3, sold)) / sum(arraySum(x -> x.2, sold)) AS an_order
        FROM grid AS g
        INNER JOIN (SELECT account, event_id, last_show_at FROM dim_events FINAL WHERE is_active) AS e ON e.account = g.account AND e.event_id = g.event_id
        WHERE had[1] <= day - 41 AND e.last_show_at >= toDateTime64(day + 1 + toUInt32({ahead:Float64}), 3, 'Europe/Moscow')
        GROUP BY account, thing, day
    ),
    -- New events take buyers from old ones: then the account as a whole sells as before, and those of a city what others lose.
    whole AS
    (
        SELECT account, d, n, quantileExact(0.5)(n) OVER (PARTITION BY account ORDER BY toInt32(d) RANGE BETWEEN 14 PRECEDING AND 1 PRECEDING) AS usual
        FROM (SELECT account, d, toFloat64(count()) AS n FROM orders GROUP BY account, d)
    ),
    newcomers AS
    (
        SELECT account, city, d, sum(n) AS n
        FROM (SELECT account, event_id, d, toFloat64(count()) AS n, min(d) OVER (PARTITION BY account, event_id) AS first FROM orders GROUP BY account, event_id, d) AS o
        INNER JOIN (SELECT account, event_id, city FROM dim_events FINAL) AS e ON e.account = o.account AND e.event_id = o.event_id
        WHERE d < first + 7
        GROUP BY account, city, d
    ),
    clicked AS
    (
        SELECT d, clicks, quantileExact(0.5)(clicks) OVER (ORDER BY toInt32(d) RANGE BETWEEN 14 PRECEDING AND 1 PRECEDING) AS usual_clicks
        FROM (SELECT stat_date AS d, toFloat64(sum(clicks)) AS clicks FROM v_ad_spend WHERE stat_date >= {since:Date} - 15 AND stat_date < {today:Date} GROUP BY d)
    ),
    judged AS
    (
        SELECT
            *, arrayMap(j -> arrayReduce('median', arraySlice(counts, j + 2, 14)), range(29)) AS bases,
            arrayMap(j -> log((counts[j + 1] + 1) / (bases[j + 1] + 1)), range(29)) AS strays,
            arrayMap(j -> strays[j + 1] - (strays[j + 8] + strays[j + 15]) / 4, range(15)) AS beyond,
            arrayReduce('median', arraySlice(beyond, 2)) AS centre,
            1.4826 * arrayReduce('median', arrayMap(x -> abs(x - centre), arraySlice(beyond, 2))) AS mad,
            bases[1] * exp((strays[8] + strays[15]) / 4) AS expected
        FROM series
    )
SELECT
    'qtickets' AS source, j.account AS account, thing AS event_id, j.day AS day, if(thing = 0, 'all events', e.event_name) AS event, if(thing = 0, 'все события', e.event_name) AS event_ru,
    counts[1] AS orders, round(expected) AS usual, round((expected - counts[1]) * an_order, 2) AS money
FROM judged AS j
LEFT JOIN clicked AS c ON c.d = j.day
LEFT JOIN whole AS a ON a.account = j.account AND a.d = j.day
LEFT JOIN (SELECT account, event_id, event_name, city FROM dim_events FINAL) AS e ON e.account = j.account AND e.event_id = j.thing
LEFT JOIN newcomers AS w ON w.account = j.account AND w.city = e.city AND w.d = j.day
WHERE expected >= {orders:Float64} AND arrayMin(arraySlice(counts, 2)) > 0 AND arrayMin(arrayMap(k -> if(has({quiet:Array(Date)}, j.day - k), 0, beyond[k + 1]), range(1, 6))) > -{fall:Float64}
    AND -beyond[1] > greatest(-log({low:Float64}), {spread:Float64} * mad, {spread:Float64} * 1.2 / sqrt(expected), -arrayMin(arraySlice(beyond, 2)) + 0.15) * if(has({open:Array(String)}, concat(j.account, '/', toString(thing), '/', toString(j.day))), 0.8, 1)
    AND c.clicks >= {clicks:Float64} * c.usual_clicks
    AND if(thing = 0, a.n < {whole:Float64} * a.usual, w.n < {taken:Float64} * (expected - counts[1]))
    AND NOT has({quiet:Array(Date)}, j.day)
ORDER BY money DESC, account, event_id, day
