-- title: No orders were taken in twice under new numbers
-- ru: Заказы не загружены второй раз под новыми номерами
-- why: Their revenue counts twice, and no key shows it
-- why_ru: Выручка посчитана дважды, а по номерам этого не видно
-- do: Compare the number of orders of the day with QTickets; if there are fewer, the day is to be loaded again
-- do_ru: Сверьте число заказов дня с QTickets; если там меньше, нужна повторная загрузка дня
-- run: {load}
-- severity: fail
-- story: exact
-- key: account, day
-- days: 14
-- sources: qtickets
-- says: {who}: {day} has the same orders twice: {orders} of {all_orders}, {money} ₽ too much
-- says_ru: {who}: заказы, похоже, задвоены за {day}: лишняя выручка {money} ₽, одинаковые заказы: {orders} из {all_orders}
-- param: share = 0.05
-- param: least = 2
-- param: times = 3

-- An order is known by its event, lines, prices, tags, and by the seconds of its making and payment. Two such orders in
-- one second are life, and a rush has as many a second apart (`near`); a batch of one organizer is one second (`groups`);
-- what an account always has is its own usual (28 days before). Free orders come in batches and are left out.
WITH
    orders AS
    (
        SELECT account, order_id, any(toDate(booked_at, 'Europe/Moscow')) AS day, any(toUnixTimestamp(toDateTime(booked_at))) AS at, sum(amount) AS cost,
            cityHash64(any(event_id), any(utm_source), any(utm_campaign), any(utm_content), any(toUnixTimestamp(toDateTime(booked_at)) - toUnixTimestamp(toDateTime(ordered_at))), arraySort(groupArray((show_id, amount, quantity, currency)))) AS like
        FROM stg_qtickets_tickets FINAL
        WHERE state IN ('paid', 'refunded') AND booked_at >= toDateTime64({since:Date} - 28, 3, 'Europe/Moscow') AND booked_at < toDateTime64({today:Date} + 1, 3, 'Europe/Moscow')
        GROUP BY account, order_id HAVING cost > 0
    ),
    groups AS
    (
        SELECT account, day, n, surplus, leadInFrame(at) OVER (PARTITION BY account, like ORDER BY at ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) = at + 1 AS has_near
        FROM (SELECT account, day, like, at, count() AS n, sum(cost) - max(cost) AS surplus FROM orders GROUP BY account, day, like, at)
    ),
    days AS
    (
        SELECT account, day, sum(n) AS all_orders, countIf(n > 1) AS doubled, sumIf(n - 1, n > 1) AS copies, toFloat64(sum(surplus)) AS money, doubled / count() AS share, sum(has_near) AS near
        FROM groups GROUP BY account, day
    )
SELECT account, its.1 AS day, its.2 AS orders, its.3 AS all_orders, its.4 AS money
FROM
(
    SELECT account, groupArray((day, copies, all_orders, money, share, doubled, near)) AS had FROM days GROUP BY account
)
ARRAY JOIN had AS its
WHERE day >= {since:Date} AND its.6 >= {least:Float64} AND its.5 >= {share:Float64} AND its.6 > its.7
    AND its.5 > {times:Float64} * ifNotFinite(arrayReduce('quantileExact(0.75)', arrayMap(o -> o.5, arrayFilter(o -> o.1 < day AND o.1 >= day - 28, had))), 0)
ORDER BY day DESC, account
