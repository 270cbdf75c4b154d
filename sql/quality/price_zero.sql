-- title: Tickets that are paid for do not cost nothing all at once
-- ru: Билеты не стали разом бесплатными
-- why: A price that did not come reads as an invitation, and the day's revenue is lost
-- why_ru: Цена не пришла, и выручка дня потеряна: билеты выглядят как приглашения
-- do: Look up an order of that day in QTickets; if it is free, look at the prices on sale; if it was paid, the day is to be loaded again
-- do_ru: Найдите заказ этого дня в QTickets; если он бесплатный, проверьте цены в продаже; если оплачен, нужна повторная загрузка дня
-- run: {load}
-- severity: warn
-- sources: qtickets
-- story: levels
-- key: account, event_id, day
-- days: 14
-- param: orders = 4
-- param: chance = 10
-- param: events = 3
-- says: {who}: {free} of {orders} orders cost nothing on {day}, a ticket is usually {usual} ₽: {event}
-- says_ru: {who}: за {day} бесплатных заказов {free} из {orders}, обычно билет стоит {usual} ₽: {event_ru}

-- Of an event the whole day, since an organizer gives some away; of all events of the account (event_id 0) the day, so
-- that many small ones count together, or most orders of most of them (`mostly`, of those with two orders and more),
-- as never before. `chance`: how unlikely (as a power of e) so many are by the share of free ones in eight weeks before.
WITH
    orders AS
    (
        SELECT account, event_id, toDate(min(booked_at), 'Europe/Moscow') AS d, order_id, sum(quantity) AS tickets, toFloat64(sum(amount)) AS paid
        FROM stg_qtickets_tickets FINAL
        WHERE state IN ('paid', 'refunded')
            AND booked_at >= toDateTime64({since:Date} - 56, 3, 'Europe/Moscow') AND booked_at < toDateTime64({today:Date}, 3, 'Europe/Moscow')
        GROUP BY account, event_id, order_id
    ),
    events_days AS
    (
        SELECT account, event_id, d, count() AS n, countIf(paid = 0) AS free, sum(tickets) AS sold, sum(paid) AS taken FROM orders GROUP BY account, event_id, d
    ),
    days AS
    (
        SELECT
            account, arrayJoin([event_id, 0]) AS thing, d, toFloat64(sum(e.n)) AS n, toFloat64(sum(e.free)) AS free, sum(e.sold) AS sold, sum(e.taken) AS taken, count() AS events,
            countIf(e.n >= 2) AS several, countIf(e.n >= 2 AND e.free * 2 > e.n) AS mostly
        FROM events_days AS e GROUP BY account, thing, d
    ),
    judged AS
    (
        SELECT
            *, sum(n) OVER w AS n_before, sum(free) OVER w AS free_before, sum(taken) OVER w AS taken_before, sum(sold) OVER w AS sold_before, count() OVER w AS days_before,
            max(mostly / greatest(several, 1)) OVER w AS mostly_before,
            -- The share of free orders, one more of each added.
            (free_before + 1) / (n_before + 2) AS usual_share, free / n AS share,
            n * (if(free = 0, 0, share * log(share / usual_share)) + if(free = n, 0, (1 - share) * log((1 - share) / (1 - usual_share)))) AS unlikely
        FROM days WINDOW w AS (PARTITION BY account, thing ORDER BY toInt32(d) RANGE BETWEEN 56 PRECEDING AND 1 PRECEDING)
    )
SELECT
    'qtickets' AS source, j.account AS account, thing AS event_id, d AS day, if(thing = 0, 'all events', e.event_name) AS event, if(thing = 0, 'все события', e.event_name) AS event_ru,
    toUInt64(j.free) AS free, toUInt64(j.n) AS orders, round(taken_before / sold_before, 2) AS usual, round(sold * j.share * taken_before / sold_before, 2) AS money
FROM judged AS j
LEFT JOIN (SELECT account, event_id, event_name FROM dim_events FINAL) AS e ON e.account = j.account AND e.event_id = j.thing
WHERE d >= {since:Date} AND j.n >= {orders:Float64} AND n_before >= 20 AND days_before >= 5 AND taken_before > 0 AND share > usual_share AND unlikely >= {chance:Float64}
    AND if(j.free = j.n, thing != 0 OR events > 1, thing = 0 AND mostly >= {events:Float64} AND mostly * 2 > several AND mostly / several > 1.5 * mostly_before)
ORDER BY money DESC, account, event_id, day
