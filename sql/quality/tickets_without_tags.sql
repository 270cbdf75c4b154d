-- title: As many orders carry tags as before
-- ru: Заказы приходят с метками, как раньше
-- why: Tickets without tags count as nobody's, and every ad looks worthless
-- why_ru: Билеты без меток не достаются никому, и реклама выглядит бесполезной
-- do: Buy a ticket through a tagged link and look at its order in QTickets: without tags, tell who keeps the site
-- do_ru: Пройдите по рекламной ссылке до заказа и найдите его в QTickets: если меток нет, напишите тому, кто ведёт сайт
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
-- says_ru: {who}: метка {tag} пропадает из заказов: есть у {found} из {orders}, обычно у {expected} (за {length} дн. по {day})

-- Each of the tags that reports read, on a day and in three, against its share of the month before and its usual number.
WITH
    -- include: tagged_orders,
    all_days AS
    (
        SELECT account, d, toFloat64(count()) AS n, sum(paid) AS taken, [countIf(tag != ''), countIf(medium != ''), countIf(campaign != ''), countIf(content != '')] AS with_tags
        FROM orders GROUP BY account, d
    ),
    days AS
    (
        SELECT account, d, n, taken, thing, toFloat64(x) AS x FROM all_days ARRAY JOIN ['utm_source', 'utm_medium', 'utm_campaign', 'utm_content'] AS thing, with_tags AS x
    ),
    -- include: falls
SELECT
    'qtickets' AS source, account, thing AS tag, d AS day, min(s.length) AS length, argMin(s.found, s.length) AS found, argMin(s.orders, s.length) AS orders, round(argMin(s.expected, s.length)) AS expected,
    round(max(s.money_then / s.orders * (s.expected - s.found)), 2) AS money
FROM (SELECT *, max(is_low) OVER (PARTITION BY account, thing ORDER BY toInt32(d) RANGE BETWEEN 7 PRECEDING AND 1 PRECEDING) AND shift > min(if(is_low, shift, 0)) OVER (PARTITION BY account, thing ORDER BY toInt32(d) RANGE BETWEEN 7 PRECEDING AND 1 PRECEDING) - log(4) AS went_on FROM judged) AS s
WHERE d >= {since:Date} AND is_low AND NOT went_on
GROUP BY account, tag, day
ORDER BY money DESC, account, tag, day
