-- title: No order is repeated under another number
-- ru: Заказы не повторяются под другим номером
-- why: Its tickets and its revenue count twice
-- why_ru: Билеты и выручка этих заказов посчитаны дважды
-- do: Open both orders in QTickets; if only one is there, load the day again
-- do_ru: Откройте оба заказа в QTickets; если там только один, загрузите день заново
-- severity: warn
-- sources: qtickets
-- story: levels
-- key: account, day
-- days: 14
-- param: share = 0.03
-- param: twins = 3
-- param: times = 5
-- says: {who}: {twins} of {orders} orders on {day} are repeated to the second
-- says_ru: {who}: {day} повторы заказов секунда в секунду: {twins} из {orders}

-- Twins: one event, one second, the same tickets at the same prices with the same tags. A rush makes some by chance,
-- as many as its hours say; an account that has some every day is judged by its own share in four weeks before.
WITH
    orders AS
    (
        SELECT
            account, event_id, toDate(min(booked_at), 'Europe/Moscow') AS d, order_id, toStartOfSecond(min(ordered_at)) AS second, toFloat64(sum(amount)) AS paid,
            cityHash64(toUInt64(sum(quantity)), arraySort(groupArray(amount)), any(utm_source), any(utm_campaign), any(utm_content), any(show_id)) AS looks
        FROM stg_qtickets_tickets FINAL
        WHERE state IN ('paid', 'refunded')
            AND booked_at >= toDateTime64({since:Date} - 28, 3, 'Europe/Moscow') AND booked_at < toDateTime64({today:Date}, 3, 'Europe/Moscow')
        GROUP BY account, event_id, order_id
    ),
    hours AS (SELECT account, event_id, d, toStartOfHour(second) AS hour, count() AS n FROM orders GROUP BY account, event_id, d, hour),
    chance AS (SELECT account, d, sum(n) AS total, sum(n * (n - 1.) / 2 / 3600) AS pairs FROM hours GROUP BY account, d),
    same AS
    (
        SELECT account, d, sum(times - 1) AS twins, sum(paid * (times - 1) / times) AS paid
        FROM (SELECT account, d, count() AS times, sum(paid) AS paid FROM orders GROUP BY account, event_id, d, second, looks HAVING times > 1)
        GROUP BY account, d
    ),
    days AS
    (
        SELECT c.account AS account, c.d AS d, c.total AS n, c.pairs AS pairs, s.twins AS twins, s.paid AS paid
        FROM chance AS c LEFT JOIN same AS s ON s.account = c.account AND s.d = c.d
    ),
    judged AS
    (
        SELECT *, quantileExact(0.9)(twins / n) OVER w AS usual
        FROM days WINDOW w AS (PARTITION BY account ORDER BY toInt32(d) RANGE BETWEEN 28 PRECEDING AND 1 PRECEDING)
    )
SELECT 'qtickets' AS source, account, d AS day, twins, n AS orders, round(paid, 2) AS money
FROM judged
WHERE d >= {since:Date} AND twins >= greatest({twins:Float64}, {share:Float64} * n, 2 * pairs + 3 * sqrt(pairs), {times:Float64} * usual * n)
ORDER BY money DESC, account, day
