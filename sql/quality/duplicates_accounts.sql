-- title: No account is loaded under two names
-- ru: Один кабинет не загружается под двумя именами
-- why: All its figures count twice
-- why_ru: Все его цифры посчитаны дважды
-- do: Tell whoever runs Zakaz which of the two to remove: its file in secrets, and its rows
-- do_ru: Скажите администратору Zakaz, какое из двух подключений убрать вместе с загруженным через него
-- severity: fail
-- story: exact
-- key: source, account, other
-- when: night
-- sources: qtickets, vk_ads, direct
-- says: {who} is the same as {other}: rows that both have: {same} of {both}, from {first} to {last}
-- says_ru: {who}: кабинет подключён дважды, второй раз как «{other}»: общих строк {same} из {both} с {first} по {last}
-- param: rows = 3
-- param: days = 3

-- The ids of two accounts may be the same by chance, their figures with them may not: of what both have, most is the
-- same to the kopeck. A new ad may have one impression and no click for a day or two.
WITH
    things AS
    (
        SELECT 'qtickets' AS source, account, toDate(assumeNotNull(paid_at), 'Europe/Moscow') AS day, ticket_id AS id, cityHash64(order_id, paid_at, amount) AS figures, amount AS cost
        FROM stg_qtickets_tickets FINAL WHERE paid_at IS NOT NULL
        UNION ALL
        SELECT source, account, stat_date, cityHash64(campaign_id, ad_group_id, ad_id), cityHash64(impressions, clicks, spent), spent
        FROM v_ad_days WHERE impressions > 0
    ),
    shared AS
    (
        SELECT source, day, groupArray((toString(account), figures, cost)) AS rows
        FROM things GROUP BY source, day, id HAVING uniqExact(account) > 1
    )
SELECT source, account, other, same, both, first, last, money
FROM
(
    SELECT
        source,
        pair.1.1 AS account,
        pair.2.1 AS other,
        count() AS both,
        countIf(pair.1.2 = pair.2.2) AS same,
        uniqExactIf(day, pair.1.2 = pair.2.2) AS days,
        minIf(day, pair.1.2 = pair.2.2) AS first,
        maxIf(day, pair.1.2 = pair.2.2) AS last,
        sumIf(pair.1.3, pair.1.2 = pair.2.2) AS money
    FROM shared
    ARRAY JOIN arrayFilter(p -> p.1.1 < p.2.1, arrayFlatten(arrayMap(a -> arrayMap(b -> (a, b), rows), rows))) AS pair
    GROUP BY source, account, other
)
WHERE same * 2 > both AND same >= {rows:Float64} AND (source = 'qtickets' OR days >= {days:Float64})
ORDER BY source, account, other
