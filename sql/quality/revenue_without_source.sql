-- title: A source that is paid for goes on bringing tickets
-- ru: Реклама, за которую платят, приводит покупателей
-- why: Tags that got lost on the way to the shop make every ad look worthless
-- why_ru: Метки теряются по пути в магазин, и реклама выглядит бесполезной
-- do: Open one of its ads and go on to the shop: if utm_source gets lost, tell who keeps the site
-- do_ru: Откройте объявление и дойдите до покупки: если utm_source из ссылки теряется, напишите тому, кто ведёт сайт
-- severity: warn
-- sources: vk_ads, direct, qtickets
-- story: levels
-- key: source, day
-- days: 14
-- param: fall = 0.4
-- param: chance = 9
-- param: spread = 5
-- param: orders = 9
-- param: spends = 0.6
-- says: {who}: orders {found} instead of {expected} up to {day} (days: {length}), though paid for
-- says_ru: {who}: заказов с рекламы {found}, обычно {expected} (за {length} дн. по {day}), а расход идёт

SELECT 'too few attributed tickets before for their fall to mean something' AS unjudged
FROM
(
    SELECT sum(tickets_sold) / 28 AS usual FROM agg_marketing_daily FINAL
    WHERE source != 'other' AND d < {today:Date} AND d >= {since:Date} - 28
    GROUP BY source
)
HAVING count() = 0 OR max(usual) * 3 < {orders:Float64};

-- Orders with its utm_source, of whatever organizer, on a day and in three: as many as its share of all orders of the month before, or
-- as its own usual number, whichever is less, let expect. Beyond chance and beyond what it strayed before; and only
-- while it is paid for as before.
WITH
    -- include: tagged_orders,
    owned AS
    (
        SELECT d, s.its AS its, paid FROM orders AS o
        LEFT JOIN (SELECT utm_source, toString(source) AS its FROM dim_utm_sources FINAL) AS s ON s.utm_source = o.tag
    ),
    all_days AS (SELECT d, toFloat64(count()) AS n, sum(paid) AS taken, groupArray(its) AS of_orders FROM owned GROUP BY d),
    days AS
    (
        SELECT '' AS account, arrayJoin(['vk_ads', 'direct']) AS thing, d, n, taken, toFloat64(countEqual(of_orders, thing)) AS x FROM all_days
    ),
    -- include: falls,
    spent AS
    (
        SELECT *, quantileExact(0.5)(spent) OVER (PARTITION BY source ORDER BY toInt32(d) RANGE BETWEEN 14 PRECEDING AND 1 PRECEDING) AS usual
        FROM (SELECT source, stat_date AS d, toFloat64(sum(spend)) AS spent FROM v_ad_spend WHERE stat_date >= {since:Date} - 40 AND stat_date < {today:Date} GROUP BY source, d)
    ),
    strange AS
    (
        SELECT j.*, j.is_low AND s.spent > 0 AND s.spent >= {spends:Float64} * s.usual AS is_strange
        FROM judged AS j LEFT JOIN spent AS s ON s.source = j.thing AND s.d = j.d
    )
SELECT thing AS source, d AS day, min(s.length) AS length, argMin(s.found, s.length) AS found, round(argMin(s.expected, s.length)) AS expected, round(max(s.money_then / s.orders * (s.expected - s.found)), 2) AS money
FROM (SELECT *, max(is_strange) OVER (PARTITION BY thing ORDER BY toInt32(d) RANGE BETWEEN 7 PRECEDING AND 1 PRECEDING) AND shift > min(if(is_strange, shift, 0)) OVER (PARTITION BY thing ORDER BY toInt32(d) RANGE BETWEEN 7 PRECEDING AND 1 PRECEDING) - log(4) AS went_on FROM strange) AS s
WHERE d >= {since:Date} AND is_strange AND NOT went_on
GROUP BY source, day
ORDER BY money DESC, source, day
