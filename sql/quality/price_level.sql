-- title: No event's tickets cost several times more or less than before, nor all at once
-- ru: Цены билетов не изменились в разы за один день
-- why: Fees, discounts or a currency that slipped into the price change revenue without a sale more or less
-- why_ru: В цену попал сбор, скидка или другая валюта: выручка меняется, а продажи нет
-- do: Compare one order of that day in QTickets with the report; if it differs, the day is to be loaded again
-- do_ru: Сверьте цену одного заказа этого дня в QTickets с отчётом; если она другая, нужна повторная загрузка дня
-- run: {load}
-- severity: warn
-- sources: qtickets
-- story: levels
-- key: account, event_id, day
-- days: 14
-- param: times = 3
-- param: together = 1.5
-- param: orders = 5
-- param: spread = 5
-- says: {who}: a ticket cost {price} ₽ on {day}, usual {usual} ₽: {event}
-- says_ru: {who}: билет {day} стоил {price} ₽ вместо {usual} ₽: {event_ru}

-- An event by the median of its day, and only where none of its tickets is within the prices of four weeks before; all
-- events at once by the mean of their log ratios (event_id 0), and only where most of their tickets have a price that
-- their event did not have, or most events one beyond all of theirs: cheaper seats may sell one day, while a factor may
-- make of some prices others of the same event. Bounds widen with how much each has strayed before. A lasting shift is
-- told once, on its first day.
WITH
    days AS
    (
        SELECT
            account, event_id, toString(currency) AS money_of, toDate(booked_at, 'Europe/Moscow') AS d, uniqExact(order_id) AS orders,
            toFloat64(sum(amount)) AS paid,
            groupArray(toFloat64(amount) / greatest(quantity, 1)) AS prices, arrayReduce('quantileExact(0.5)', prices) AS middle,
            arrayMin(prices) AS lowest, arrayMax(prices) AS highest
        FROM stg_qtickets_tickets FINAL
        WHERE state IN ('paid', 'refunded') AND amount > 0
            AND booked_at >= toDateTime64({since:Date} - 70, 3, 'Europe/Moscow') AND booked_at < toDateTime64({today:Date}, 3, 'Europe/Moscow')
        GROUP BY account, event_id, money_of, d
    ),
    against AS
    (
        SELECT
            * EXCEPT (prices, prices_before), arrayReduce('median', middles) AS usual, log(middle / usual) AS shift, length(middles) AS n,
            length(prices) AS tickets, arrayCount(price -> NOT has(prices_before, price), prices) AS at_new_price
        FROM
        (
            SELECT *, groupArray(middle) OVER w AS middles, groupUniqArrayArray(prices) OVER w AS prices_before, min(lowest) OVER w AS least_before, max(highest) OVER w AS most_before
            FROM days WINDOW w AS (PARTITION BY account, event_id, money_of ORDER BY toInt32(d) RANGE BETWEEN 28 PRECEDING AND 1 PRECEDING)
        )
    ),
    things AS
    (
        SELECT account, event_id, d, orders, paid, middle, usual, shift, 1 AS events, 0 AS new_share, least_before, most_before, lowest, highest
        FROM against WHERE n >= 4
        UNION ALL
        SELECT account, 0, d, sum(orders) AS o, sum(paid), sum(middle * orders) / o, sum(usual * orders) / o, sum(shift * least(orders, 30)) / sum(least(orders, 30)), count(), greatest(sum(at_new_price) / sum(tickets), countIf(lowest < least_before OR highest > most_before) / count()), 0, 0, 0, 0
        FROM against WHERE n >= 4 GROUP BY account, d
    ),
    spread AS
    (
        SELECT *, 1.4826 * arrayReduce('median', arrayMap(x -> abs(x), shifts)) AS mad, length(shifts) AS days_before
        FROM (SELECT *, groupArray(shift) OVER w AS shifts FROM things WINDOW w AS (PARTITION BY account, event_id ORDER BY toInt32(d) RANGE BETWEEN 42 PRECEDING AND 1 PRECEDING))
    ),
    judged AS
    (
        SELECT
            *,
            abs(shift) > if(has({open:Array(String)}, concat(account, '/', toString(event_id), '/', toString(d))), 0.8, 1) * greatest(log(if(event_id = 0, {together:Float64}, {times:Float64})), if(days_before < 5, 1., mad) * {spread:Float64})
                AND orders >= if(event_id = 0, 4, 1) * {orders:Float64}
                AND if(event_id = 0, events >= 3 AND new_share > 0.5, lowest > most_before OR highest < least_before) AS is_strange
        FROM spread
    )
SELECT
    'qtickets' AS source, j.account AS account, j.event_id AS event_id, d AS day, if(j.event_id = 0, 'all events', e.event_name) AS event,
    if(j.event_id = 0, 'все события', e.event_name) AS event_ru, round(middle, 2) AS price, round(middle / exp(shift), 2) AS usual,
    round(abs(paid - paid / exp(shift)), 2) AS money
FROM (SELECT *, max(is_strange) OVER (PARTITION BY account, event_id ORDER BY toInt32(d) RANGE BETWEEN 5 PRECEDING AND 1 PRECEDING) AS went_on FROM judged) AS j
LEFT JOIN (SELECT account, event_id, event_name FROM dim_events FINAL) AS e ON e.account = j.account AND e.event_id = j.event_id
WHERE d >= {since:Date} AND is_strange AND NOT went_on
ORDER BY money DESC, account, event_id, day
