-- title: No event that is paid for gives its tickets away for a whole day
-- ru: Билеты не стали все разом бесплатными
-- why: A price that did not come reads as an invitation, and the day's revenue is lost
-- why_ru: Цена не пришла, и выручка дня потеряна: билеты выглядят как приглашения
-- do: Look up an order of that day in QTickets; if it was paid, the day is to be loaded again
-- do_ru: Найдите заказ этого дня в QTickets; если он оплачен, нужна повторная загрузка дня
-- run: {load}
-- severity: warn
-- sources: qtickets
-- story: levels
-- key: account, event_id, day
-- days: 14
-- param: orders = 4
-- param: chance = 10
-- says: {who}: all {tickets} tickets cost nothing on {day}, usually {usual} ₽: {event}
-- says_ru: {who}: все билеты по 0 ₽ за {day}, обычно по {usual} ₽, штук {tickets}: {event_ru}

-- event_id 0: all events of the account, so that many small ones count together. `chance`: how unlikely (as a power
-- of e) so many free orders in a row are, by the event's own share of free ones in eight weeks before.
WITH
    orders AS
    (
        SELECT account, event_id, toDate(min(booked_at), 'Europe/Moscow') AS d, order_id, sum(quantity) AS tickets, toFloat64(sum(amount)) AS paid
        FROM stg_qtickets_tickets FINAL
        WHERE state IN ('paid', 'refunded')
            AND booked_at >= toDateTime64({since:Date} - 56, 3, 'Europe/Moscow') AND booked_at < toDateTime64({today:Date}, 3, 'Europe/Moscow')
        GROUP BY account, event_id, order_id
    ),
    days AS
    (
        SELECT account, arrayJoin([event_id, 0]) AS thing, d, count() AS n, countIf(paid = 0) AS free, sum(tickets) AS sold, sum(paid) AS taken, uniqExact(event_id) AS events
        FROM orders GROUP BY account, thing, d
    ),
    judged AS
    (
        SELECT *, toFloat64(sum(n) OVER w) AS n_before, toFloat64(sum(free) OVER w) AS free_before, sum(taken) OVER w AS taken_before, sum(sold) OVER w AS sold_before, count() OVER w AS days_before
        FROM days WINDOW w AS (PARTITION BY account, thing ORDER BY toInt32(d) RANGE BETWEEN 56 PRECEDING AND 1 PRECEDING)
    )
SELECT
    'qtickets' AS source, j.account AS account, thing AS event_id, d AS day, if(thing = 0, 'all events', e.event_name) AS event, if(thing = 0, 'все события', e.event_name) AS event_ru, sold AS tickets,
    round(taken_before / sold_before, 2) AS usual, round(sold * taken_before / sold_before, 2) AS money
FROM judged AS j
LEFT JOIN (SELECT account, event_id, event_name FROM dim_events FINAL) AS e ON e.account = j.account AND e.event_id = j.thing
WHERE d >= {since:Date} AND free = n AND n >= {orders:Float64} AND n_before >= 20 AND days_before >= 5 AND taken_before > 0
    AND (thing != 0 OR events > 1)
    -- The share of free orders, one more of each added.
    AND -log((free_before + 1) / (n_before + 2)) * n >= {chance:Float64}
ORDER BY money DESC, account, event_id, day
