-- title: All spellings of utm_source that bring money are known
-- ru: Все написания utm_source рекламы известны
-- why: Revenue of a new spelling is counted as nobody's
-- why_ru: Выручка с новым написанием не достаётся никакой рекламе
-- do: Tell whoever runs Zakaz which advertising it is: it is added to utm_sources.csv
-- do_ru: Скажите администратору Zakaz, какая это реклама, чтобы её продажи засчитались ей
-- severity: warn
-- sources: qtickets
-- story: levels
-- key: utm_source
-- days: 30
-- param: tickets = 3
-- says: utm_source "{utm_source}" looks like advertising and is unknown: {tickets} tickets, {money} ₽
-- says_ru: неизвестная метка utm_source «{utm_source}» похожа на рекламу, билетов {tickets}, {money} ₽

SELECT 'the table of spellings is empty: nothing was loaded yet' AS unjudged FROM dim_utm_sources HAVING count() = 0;

-- Over all accounts: a spelling is written once for all.
SELECT 'qtickets' AS source, utm_source, day, tickets, revenue AS money
FROM
(
    SELECT lowerUTF8(utm_source) AS utm_source, sum(amount) AS revenue, sum(quantity) AS tickets, toDate(min(booked_at), 'Europe/Moscow') AS day
    FROM stg_qtickets_tickets FINAL
    WHERE state IN ('paid', 'refunded') AND booked_at >= toDateTime64({since:Date}, 3, 'Europe/Moscow')
    GROUP BY utm_source
)
WHERE match(utm_source, '^(vk|ya$|ya[^a-z]|yandex|direct|mytarget|вк|вконтакте|яндекс|директ)|[^a-zа-я](vk|ya|yandex|direct|mytarget|вк|яндекс|директ)([^a-zа-я]|$)')
    AND utm_source NOT IN (SELECT utm_source FROM dim_utm_sources FINAL)
    AND tickets >= {tickets:Float64} AND revenue > 0
ORDER BY revenue DESC, utm_source
