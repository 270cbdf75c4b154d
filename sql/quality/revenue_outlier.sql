-- title: No ticket costs a multiple of what its event's tickets cost
-- ru: Ни один билет не стоит в десятки раз дороже остальных
-- why: A price in kopecks or with a digit too many
-- why_ru: Цена в копейках или с лишней цифрой завышает выручку
-- do: Look up the ticket's order in QTickets; correct the price there if it is wrong
-- do_ru: Найдите заказ этого билета в QTickets; если цена неверна, исправьте её там
-- severity: warn
-- sources: qtickets
-- story: levels
-- key: account, ticket_id
-- days: 30
-- param: times = 20
-- param: memory = 60
-- param: tickets = 20
-- param: orders = 2
-- says: {who}: ticket {ticket_id} cost {price} ₽, usual {usual} ₽: {event}
-- says_ru: {who}: билет стоит {price} ₽ вместо {usual} ₽: {event}, билет № {ticket_id}

-- Against the median of the event's days before that day, and above twice whatever the account sold before: a box for
-- guests is sold again, at the next event too. A price that many orders pay on one day is a price and no slip.
WITH
    lines AS
    (
        SELECT account, event_id, order_id, toString(currency) AS money_of, ticket_id, toDate(booked_at, 'Europe/Moscow') AS d, toFloat64(greatest(price, toDecimal64(amount / greatest(quantity, 1), 2))) AS unit
        FROM stg_qtickets_tickets FINAL
        WHERE state IN ('paid', 'refunded') AND (price > 0 OR amount > 0)
            AND booked_at >= toDateTime64({since:Date} - toUInt32({memory:Float64}), 3, 'Europe/Moscow') AND booked_at < toDateTime64({today:Date}, 3, 'Europe/Moscow')
    ),
    days AS
    (
        SELECT
            *, quantileExact(0.5)(middle) OVER w AS usual, max(highest) OVER of_account AS highest_before, sum(n) OVER w AS n_before
        FROM (SELECT account, event_id, money_of, d, quantileExact(0.5)(unit) AS middle, max(unit) AS highest, count() AS n FROM lines GROUP BY account, event_id, money_of, d)
        WINDOW
            w AS (PARTITION BY account, event_id, money_of ORDER BY toInt32(d) RANGE BETWEEN 60 PRECEDING AND 1 PRECEDING),
            of_account AS (PARTITION BY account, money_of ORDER BY toInt32(d) RANGE BETWEEN 60 PRECEDING AND 1 PRECEDING)
    ),
    payers AS (SELECT account, event_id, d, unit, uniqExact(order_id) AS orders FROM lines GROUP BY account, event_id, d, unit)
SELECT 'qtickets' AS source, t.account AS account, t.ticket_id AS ticket_id, t.d AS day, t.unit AS price, s.usual AS usual, e.event_name AS event, round(t.unit - s.usual, 2) AS money
FROM lines AS t
INNER JOIN days AS s ON s.account = t.account AND s.event_id = t.event_id AND s.money_of = t.money_of AND s.d = t.d
INNER JOIN payers AS p ON p.account = t.account AND p.event_id = t.event_id AND p.d = t.d AND p.unit = t.unit
LEFT JOIN (SELECT account, event_id, event_name FROM dim_events FINAL) AS e ON e.account = t.account AND e.event_id = t.event_id
WHERE t.d >= {since:Date} AND s.n_before >= {tickets:Float64} AND t.unit > s.usual * {times:Float64} AND t.unit > 2 * s.highest_before AND p.orders <= {orders:Float64}
ORDER BY money DESC, account, ticket_id
