-- title: An order has about as many tickets as before
-- ru: В заказе столько же билетов, сколько обычно
-- why: Lines of orders that doubled or got lost change revenue, while the number of orders looks right
-- why_ru: Строки заказов задвоились или пропали: заказов столько же, а выручка другая
-- do: Compare a few orders of the day with QTickets; if they differ, the day is to be loaded again
-- do_ru: Сверьте несколько заказов дня с QTickets; если билетов там столько, сколько обычно, нужна повторная загрузка дня
-- run: {load}
-- severity: warn
-- sources: qtickets
-- story: levels
-- key: account, day
-- days: 14
-- param: orders = 25
-- param: times = 1.25
-- param: spread = 5
-- says: {who}: {size} tickets an order on {day}, usual {usual} ({orders} orders)
-- says_ru: {who}: билетов в заказе {size} вместо {usual} за {day}, заказов: {orders}

-- Orders of ten and more count as ten: a school that buys for a class is no defect. The bound grows with what the
-- account's own days strayed in eight weeks, and with chance (an order strays by about 0.9 tickets).
WITH
    orders AS
    (
        SELECT account, toDate(min(booked_at), 'Europe/Moscow') AS d, order_id, least(sum(quantity), 10) AS size, toFloat64(sum(amount)) AS paid
        FROM stg_qtickets_tickets FINAL
        WHERE state IN ('paid', 'refunded')
            AND booked_at >= toDateTime64({since:Date} - 56, 3, 'Europe/Moscow') AND booked_at < toDateTime64({today:Date}, 3, 'Europe/Moscow')
        GROUP BY account, order_id
    ),
    days AS (SELECT account, d, count() AS n, avg(size) AS mean, stddevPop(size) AS strays, sum(paid) AS taken FROM orders GROUP BY account, d HAVING n >= 5),
    judged AS
    (
        SELECT
            *, arrayReduce('median', means) AS usual_size, log(mean / usual_size) AS shift, length(means) AS days_before,
            1.4826 * arrayReduce('median', arrayMap(x -> abs(log(x / usual_size)), means)) AS mad,
            days_before >= 14 AND n >= {orders:Float64}
                AND abs(shift) > if(has({open:Array(String)}, concat(account, '/', toString(d))), 0.8, 1) * greatest(log({times:Float64}), {spread:Float64} * mad, {spread:Float64} * usual_strays / usual_size / sqrt(n)) AS is_strange
        FROM
        (
            SELECT *, groupArray(mean) OVER w AS means, quantileExact(0.5)(strays) OVER w AS usual_strays
            FROM days WINDOW w AS (PARTITION BY account ORDER BY toInt32(d) RANGE BETWEEN 56 PRECEDING AND 1 PRECEDING)
        )
    )
SELECT 'qtickets' AS source, account, d AS day, round(mean, 2) AS size, round(usual_size, 2) AS usual, n AS orders, round(abs(taken - taken / exp(shift)), 2) AS money
FROM (SELECT *, max(is_strange) OVER (PARTITION BY account ORDER BY toInt32(d) RANGE BETWEEN 5 PRECEDING AND 1 PRECEDING) AS went_on FROM judged)
WHERE d >= {since:Date} AND is_strange AND NOT went_on
ORDER BY money DESC, account, day
