-- title: Tickets add up to what their orders say
-- ru: Билеты сходятся с суммами заказов
-- why: A ticket that is missing or a price that was misread shows here on the first morning
-- why_ru: Так видно потерянные билеты и неверно прочитанные цены
-- do: The day is to be loaded again; if it stays, compare an order with QTickets
-- do_ru: Нужна повторная загрузка дня; если не поможет, сверьте один заказ с QTickets
-- run: {load}
-- severity: fail
-- story: exact
-- key: account, day
-- days: 30
-- sources: qtickets
-- says: {who}: the tickets of {day} do not add up to their orders[, {held} ₽ instead of {total} ₽][, {tickets} tickets instead of {all_tickets}]
-- says_ru: {who}: билеты за {day} не сходятся с заказами[, по билетам {held} ₽, по заказам {total} ₽][, билетов {tickets}, в заказах {all_tickets}]
-- param: share = 0.01
-- param: odd = 0.02
-- param: much = 0.05

-- Two comparisons, by event. The tickets of the table with the lines that came (`lost`). And the lines with the orders'
-- own prices (`odd`), which a refund or a cancelled line may lower: only where orders whose price is no sum of their
-- lines are rare by the account's days before, since promo codes may be made so.
WITH
    told AS
    (
        SELECT account, event_date AS day, event_id, currency, orders, orders_odd, orders_unpriced, tickets, revenue, lines, lines_refunded, lines_cancelled, _ver AS written
        FROM meta_order_totals FINAL WHERE event_date >= {since:Date} - 28 AND event_date < {today:Date}
    ),
    usual AS
    (
        SELECT n.account AS account, n.day AS day, sum(o.orders_odd) / sum(o.orders) AS share
        FROM (SELECT account, day FROM told WHERE day >= {since:Date} GROUP BY account, day) AS n
        INNER JOIN (SELECT account, day, sum(orders_odd) AS orders_odd, sum(orders) AS orders FROM told GROUP BY account, day) AS o ON o.account = n.account
        WHERE o.day < n.day AND o.day >= n.day - 28
        GROUP BY account, day
    ),
    both AS
    (
        SELECT
            account, day, event_id, currency,
            sum(sign * revenue_of) AS lost_money, sum(sign * tickets_of) AS lost_tickets, sumIf(revenue_of, sign < 0) AS held, sumIf(tickets_of, sign < 0) AS tickets,
            sumIf(revenue_of, sign > 0) AS total, sumIf(tickets_of, sign > 0) AS all_tickets, sum(gap) AS odd_money, max(v) AS written
        FROM
        (
            SELECT account, day, event_id, toString(currency) AS currency, 1 AS sign, toFloat64(lines) AS revenue_of, toInt64(tickets) AS tickets_of,
                if(orders_unpriced = 0, greatest(toFloat64(lines - lines_refunded - revenue), toFloat64(revenue - lines - lines_cancelled), 0), 0) AS gap, written AS v
            FROM told WHERE day >= {since:Date} AND event_id != 0 AND currency != ''
            UNION ALL
            SELECT account, toDate(booked_at, 'Europe/Moscow'), event_id, toString(currency), -1, toFloat64(sum(amount)), toInt64(sum(quantity)), 0, max(_ver)
            FROM stg_qtickets_tickets FINAL
            WHERE state IN ('paid', 'refunded') AND booked_at >= toDateTime64({since:Date}, 3, 'Europe/Moscow') AND booked_at < toDateTime64({today:Date}, 3, 'Europe/Moscow')
            GROUP BY account, toDate(booked_at, 'Europe/Moscow'), event_id, currency
        )
        GROUP BY account, day, event_id, currency
    ),
    sums AS
    (
        SELECT account, day, sum(abs(lost_money)) AS lost, sum(abs(lost_tickets)) AS lost_tickets, sum(odd_money) AS odd, sum(b.held) AS held, sum(b.total) AS total, sum(b.tickets) AS tickets, sum(b.all_tickets) AS all_tickets, max(written) AS newest
        FROM both AS b
        WHERE (account, day) IN (SELECT account, day FROM told)
        GROUP BY account, day
    )
SELECT s.account AS account, s.day AS day, s.held AS held, s.tickets AS tickets, s.all_tickets AS all_tickets, greatest(s.lost, s.odd) AS money,
    -- What the orders' own prices come to, where it is they that differ.
    if(s.odd > s.lost, s.total - s.odd, s.total) AS total, s.newest AS newest
FROM sums AS s LEFT JOIN usual AS u ON u.account = s.account AND u.day = s.day
WHERE s.lost > s.total * {share:Float64} OR s.lost_tickets > s.all_tickets * {share:Float64}
    OR (s.odd > s.total * {much:Float64} AND u.day != toDate(0) AND u.share <= {odd:Float64})
ORDER BY day DESC, account
