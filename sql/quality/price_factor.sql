-- title: No event's tickets cost a hundredth or a hundredfold of what they cost
-- ru: Цены билетов не сбились в 10, 100 или 1000 раз
-- why: A price in kopecks, or with digits too many, makes the revenue of days and of ROMI a fantasy
-- why_ru: Цена в копейках или с лишним нулём: выручка и ROMI этих дней неверны
-- do: Compare one order of that day in QTickets with the report; if it differs, the day is to be loaded again
-- do_ru: Сверьте цену одного заказа этого дня в QTickets с отчётом; если она другая, нужна повторная загрузка дня
-- run: {load}
-- severity: fail
-- sources: qtickets
-- story: levels
-- key: account, event_id, day
-- days: 14
-- param: times = 8
-- param: new = 20
-- param: orders = 3
-- param: memory = 90
-- says: {who}: {tickets} tickets sold at {price} ₽ on {day}, usual {usual} ₽: {event}
-- says_ru: {who}: билеты {day} по {price} ₽ вместо {usual} ₽, штук {tickets}: {event}

-- Three proofs, each against what was sold before that day: prices that are known ones times a power of ten (at ten
-- times most of the day must be so: a tenth is also a discount); or a whole day beyond all prices before; or a new
-- event beyond all events of the account. A box for guests is dear every day and moves no median.
WITH
    -- What a price may have been.
    price -> [round(price / 100, 4), round(price / 1000, 4), round(price * 100, 4), round(price * 1000, 4)] AS of_hundreds,
    price -> [round(price / 10, 4), round(price * 10, 4)] AS of_tens,
    lines AS
    (
        SELECT
            account, event_id, toString(currency) AS money_of, toDate(booked_at, 'Europe/Moscow') AS d, order_id,
            toFloat64(amount) / greatest(quantity, 1) AS unit, quantity, toFloat64(amount) AS paid
        FROM stg_qtickets_tickets FINAL
        WHERE state IN ('paid', 'refunded') AND amount > 0
            AND booked_at >= toDateTime64({since:Date} - toUInt32({memory:Float64}), 3, 'Europe/Moscow')
            AND booked_at < toDateTime64({today:Date}, 3, 'Europe/Moscow')
    ),
    levels AS
    (
        SELECT account, event_id, money_of, unit, min(d) AS first, sum(quantity) AS n FROM lines GROUP BY account, event_id, money_of, unit
    ),
    known AS
    (
        SELECT account, event_id, money_of, groupArray((unit, first)) AS prices, min(first) AS began FROM levels GROUP BY account, event_id, money_of
    ),
    days AS
    (
        SELECT
            account, event_id, money_of, d, sum(quantity) AS tickets, sum(paid) AS paid, uniqExact(order_id) AS orders,
            quantileExact(0.5)(unit) AS middle, min(unit) AS lowest, max(unit) AS highest,
            groupArray((unit, order_id)) AS sold
        FROM lines GROUP BY account, event_id, money_of, d
    ),
    -- What an account's other events cost, for one that has no day before.
    usual_of_events AS
    (
        SELECT account, money_of, groupArray((event_id, middle, d)) AS others
        FROM (SELECT account, money_of, event_id, quantileExact(0.5)(unit) AS middle, min(d) AS d FROM lines GROUP BY account, money_of, event_id)
        GROUP BY account, money_of
    ),
    judged AS
    (
        SELECT
            s.account AS account, s.event_id AS event_id, s.d AS day, s.tickets AS tickets, s.paid AS paid, s.orders AS orders,
            s.middle AS middle, s.lowest AS lowest, s.highest AS highest,
            arrayMap(p -> p.1, arrayFilter(p -> p.2 < s.d, k.prices)) AS before,
            -- Sets first: a lambda within another would copy all known prices for each line that was sold.
            arrayMap(p -> round(p, 4), before) AS known_prices,
            arrayIntersect(arrayMap(t -> round(t.1, 4), s.sold), known_prices) AS usual_ones,
            arrayIntersect(arrayFlatten(arrayMap(t -> of_hundreds(t.1), s.sold)), known_prices) AS by_hundreds,
            arrayIntersect(arrayFlatten(arrayMap(t -> of_tens(t.1), s.sold)), known_prices) AS by_tens,
            arrayFilter(t -> NOT has(usual_ones, round(t.1, 4)) AND hasAny(by_hundreds, of_hundreds(t.1)), s.sold) AS hundreds,
            arrayFilter(t -> NOT has(usual_ones, round(t.1, 4)) AND hasAny(by_tens, of_tens(t.1)), s.sold) AS tens,
            length(s.sold) AS rows,
            arrayMap(o -> o.2, arrayFilter(o -> o.1 != s.event_id AND o.3 < s.d, u.others)) AS elsewhere,
            multiIf(notEmpty(before), arrayReduce('median', before), arrayReduce('median', elsewhere)) AS usual
        FROM (SELECT * FROM days WHERE d >= {since:Date}) AS s
        INNER JOIN known AS k ON k.account = s.account AND k.event_id = s.event_id AND k.money_of = s.money_of
        INNER JOIN usual_of_events AS u ON u.account = s.account AND u.money_of = s.money_of
    )
SELECT
    'qtickets' AS source, j.account AS account, j.event_id AS event_id, j.day AS day, e.event_name AS event, j.tickets AS tickets,
    round(j.middle, 2) AS price, round(j.usual, 2) AS usual,
    round(abs(j.paid - j.paid * j.usual / j.middle), 2) AS money
FROM judged AS j
LEFT JOIN (SELECT account, event_id, event_name FROM dim_events FINAL) AS e ON e.account = j.account AND e.event_id = j.event_id
WHERE (notEmpty(before) AND length(hundreds) * 2 >= rows AND arrayUniq(arrayMap(t -> t.2, hundreds)) >= if(orders < 2, 1, 2) AND (orders >= 2 OR length(hundreds) >= 2 OR length(before) >= 3))
    OR (notEmpty(before) AND length(tens) * 3 >= rows * 2 AND arrayUniq(arrayMap(t -> t.2, tens)) >= {orders:Float64})
    OR (length(before) >= 3 AND orders >= {orders:Float64}
        AND (lowest > arrayMax(before) AND middle > {times:Float64} * usual OR highest < arrayMin(before) AND middle * {times:Float64} < usual))
    OR (empty(before) AND length(elsewhere) >= 3 AND orders >= {orders:Float64}
        AND (middle > {new:Float64} * arrayMax(elsewhere) OR middle * {new:Float64} < arrayMin(elsewhere)))
ORDER BY money DESC, account, event_id, day
