-- title: As many orders carry tags as before
-- ru: Заказы приходят с метками, как раньше
-- why: Tickets without tags count as nobody's, and every ad looks worthless
-- why_ru: Билеты без меток не достаются никому, и реклама выглядит бесполезной
-- do: Buy a ticket through a tagged link and look at its order in QTickets: without tags, tell who keeps the site
-- do_ru: Пройдите по рекламной ссылке до заказа и найдите его в QTickets: если меток нет, это к тому, кто ведёт сайт
-- severity: warn
-- sources: qtickets
-- story: levels
-- key: account, tag, day
-- days: 14
-- param: fall = 0.5
-- param: chance = 9
-- param: spread = 5
-- param: orders = 9
-- says: {who}: {tag} in {found} of {orders} orders up to {day}, usual {expected} (days: {length})
-- says_ru: {who}: метка {tag} пропадает из заказов: есть у {found} из {orders}, обычно у {expected}, дней: {length} (по {day})

-- Each of the tags that reports read, on a day and in three, against its share of the month before and its usual number.
WITH
    orders AS
    (
        SELECT account, order_id, toDate(min(booked_at), 'Europe/Moscow') AS d, lowerUTF8(any(utm_source)) AS tag, any(utm_medium) AS medium, any(utm_campaign) AS campaign, any(utm_content) AS content, toFloat64(sum(amount)) AS paid
        FROM stg_qtickets_tickets FINAL
        WHERE state IN ('paid', 'refunded')
            AND booked_at >= toDateTime64({since:Date} - 65, 3, 'Europe/Moscow') AND booked_at < toDateTime64({today:Date}, 3, 'Europe/Moscow')
        GROUP BY account, order_id
    ),
    all_days AS
    (
        SELECT account, d, toFloat64(count()) AS n, sum(paid) AS taken, [countIf(tag != ''), countIf(medium != ''), countIf(campaign != ''), countIf(content != '')] AS with_tags
        FROM orders GROUP BY account, d
    ),
    days AS
    (
        SELECT account, d, n, taken, thing, toFloat64(x) AS x FROM all_days ARRAY JOIN ['utm_source', 'utm_medium', 'utm_campaign', 'utm_content'] AS thing, with_tags AS x
    ),
    stretches AS
    (
        SELECT
            account, thing, d, length, if(length = 1, x, x3) AS found, if(length = 1, n, n3) AS orders, if(length = 1, taken, taken3) AS money_then,
            x_before / n_before AS share, days_before, least(orders * share, usual * length) AS expected, log((found + 0.5) / (expected + 0.5)) AS shift
        FROM
        (
            SELECT
                *, sum(x) OVER three AS x3, sum(n) OVER three AS n3, sum(taken) OVER three AS taken3,
                sum(x) OVER month AS x_before, sum(n) OVER month AS n_before, count() OVER month AS days_before, quantileExact(0.5)(x) OVER month AS usual
            FROM days
            WINDOW three AS (PARTITION BY account, thing ORDER BY toInt32(d) RANGE BETWEEN 2 PRECEDING AND CURRENT ROW),
                month AS (PARTITION BY account, thing ORDER BY toInt32(d) RANGE BETWEEN 31 PRECEDING AND 3 PRECEDING)
        )
        ARRAY JOIN [1, 3] AS length
        WHERE days_before >= 14
    ),
    judged AS
    (
        SELECT
            *, 1.4826 * arrayReduce('median', arrayMap(s -> abs(s - arrayReduce('median', shifts)), shifts)) AS mad,
            found < {fall:Float64} * expected AND expected >= {orders:Float64}
                -- How unlikely so few are by chance alone, as a power of e.
                AND expected - found + found * log(greatest(found, 1) / expected) > {chance:Float64} * if(has({open:Array(String)}, concat(account, '/', toString(thing), '/', toString(d))), 0.7, 1)
                AND -shift > if(has({open:Array(String)}, concat(account, '/', toString(thing), '/', toString(d))), 0.8, 1) * greatest({spread:Float64} * mad, -arrayMin(shifts) * 1.1) AS is_low
        FROM (SELECT *, groupArray(shift) OVER (PARTITION BY account, thing, length ORDER BY toInt32(d) RANGE BETWEEN 28 PRECEDING AND 3 PRECEDING) AS shifts FROM stretches)
        WHERE length(shifts) >= 7
    )
SELECT
    'qtickets' AS source, account, thing AS tag, d AS day, min(s.length) AS length, argMin(s.found, s.length) AS found, argMin(s.orders, s.length) AS orders, round(argMin(s.expected, s.length)) AS expected,
    round(max(s.money_then / s.orders * (s.expected - s.found)), 2) AS money
FROM (SELECT *, max(is_low) OVER (PARTITION BY account, thing ORDER BY toInt32(d) RANGE BETWEEN 7 PRECEDING AND 1 PRECEDING) AS went_on FROM judged) AS s
WHERE d >= {since:Date} AND is_low AND NOT went_on
GROUP BY account, tag, day
ORDER BY money DESC, account, tag, day
