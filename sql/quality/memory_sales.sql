-- title: Tickets are what the loads left
-- ru: Билеты в таблице те же, что оставила загрузка
-- why: Rows that were deleted, doubled or edited by hand or by another program change revenue without a trace
-- why_ru: Если билеты удалили, задвоили или поправили мимо загрузки, выручка меняется без следа
-- do: Ask whoever runs Zakaz who wrote to the table; the day is to be loaded again
-- do_ru: Спросите администратора Zakaz, кто менял загруженное; нужна повторная загрузка дня
-- run: {load}
-- severity: fail
-- story: exact
-- key: account, day
-- days: 62
-- sources: qtickets
-- says: {who}: {day} was changed after the load[, {held} tickets instead of {left}][, revenue is off by {money} ₽][, refunds by {refunds} ₽]
-- says_ru: {who}: за {day}[ билетов {held} вместо {left}:] данные изменили после загрузки[, выручка другая на {money} ₽][, возвраты на {refunds} ₽]

-- By event, against its newest entry. A day of which nothing is known is judged between the first and the last known
-- one: rows there came with no load. memory_history compares what is older.
WITH
    known AS
    (
        SELECT account, toUInt64OrZero(thing) AS event, day, argMax(figures, (seen_on, _ver)) AS f, max(_ver) AS written
        FROM meta_memory WHERE what = 'sales' AND day >= {since:Date} AND day <= {today:Date} GROUP BY account, thing, day
    ),
    held AS
    (
        SELECT account, event_id AS event, toDate(booked_at, 'Europe/Moscow') AS day, sum(quantity) AS tickets, uniqExact(order_id) AS orders, sum(amount) AS revenue, sum(refunded_amount) AS refunds, max(_ver) AS written
        FROM stg_qtickets_tickets FINAL
        WHERE state IN ('paid', 'refunded') AND booked_at >= toDateTime64({since:Date}, 3, 'Europe/Moscow') AND booked_at < toDateTime64({today:Date} + 1, 3, 'Europe/Moscow')
        GROUP BY account, event, day
    ),
    bounds AS (SELECT account, min(day) AS first, max(day) AS last FROM known GROUP BY account)
SELECT
    d.account AS account, d.day AS day, sum(abs(d.r)) AS money, sum(abs(d.b)) AS refunds, sum(d.now) AS held, sum(d.was) AS left,
    groupArrayIf(5)(d.event, d.n != 0 OR d.o != 0 OR d.r != 0 OR d.b != 0) AS events, max(d.v) AS newest
FROM
(
    SELECT account, event, day, sum(tickets) AS n, sum(orders) AS o, sum(revenue) AS r, sum(refunds) AS b, sumIf(tickets, tickets > 0) AS now, -sumIf(tickets, tickets < 0) AS was, max(written) AS v
    FROM
    (
        SELECT account, event, day, toDecimal64(tickets, 2) AS tickets, toDecimal64(orders, 2) AS orders, toDecimal64(revenue, 2) AS revenue, toDecimal64(refunds, 2) AS refunds, written FROM held
        UNION ALL
        SELECT account, event, day, -f['tickets'], -f['orders'], -f['revenue'], -f['refunds'], written FROM known
    )
    GROUP BY account, event, day
) AS d
INNER JOIN bounds AS k ON k.account = d.account
WHERE d.day >= k.first AND d.day <= k.last
GROUP BY account, day
HAVING countIf(d.n != 0 OR d.o != 0 OR d.r != 0 OR d.b != 0) > 0
ORDER BY day DESC, account
