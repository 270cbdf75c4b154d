-- title: An ad account keeps its number, its currency and its VAT
-- ru: У рекламного кабинета не меняются номер, валюта и учёт НДС
-- why: Spend with VAT is not spend without, and another account's spend is not ours
-- why_ru: Расход с НДС и без НДС несравним, а чужой кабинет даёт чужие цифры
-- do: Look whether number, currency or VAT changed in the ad account; if so, whoever runs Zakaz loads all days again
-- do_ru: Посмотрите в настройках кабинета, не сменились ли номер кабинета, валюта или НДС; если да, администратору Zakaz нужно загрузить все дни заново
-- severity: warn
-- story: exact
-- key: source, account, day
-- days: 30
-- sources: vk_ads, direct
-- says: {who}: since {day} {what_changed} is another than before: {was} is now {now}
-- says_ru: {who}: в кабинете с {day} {what_changed_ru} «{now_ru}», прежде «{was_ru}»
-- param: before = 120

-- Each day against the days before it: rows of one day with and without VAT, or all of them unlike the days before.
WITH
    days AS
    (
        SELECT source, account, stat_date AS day, sum(spent) AS cost,
            arraySort(groupUniqArray(if(spent_has_vat, 'with VAT', 'without VAT'))) AS vat, arraySort(groupUniqArray(toString(currency))) AS currencies, arraySort(groupUniqArray(account_id)) AS ids
        FROM v_ad_days WHERE stat_date >= {since:Date} - toUInt32({before:Float64}) AND stat_date < {today:Date} AND spent > 0
        GROUP BY source, account, day
    ),
    compared AS
    (
        SELECT n.source AS source, n.account AS account, n.day AS day, any(n.cost) AS money,
            [('VAT', 'учёт НДС', any(n.vat), groupUniqArrayArray(o.vat)), ('currency', 'валюта', any(n.currencies), groupUniqArrayArray(o.currencies)), ('account', 'номер кабинета', any(n.ids), groupUniqArrayArray(o.ids))] AS all_of_it
        FROM (SELECT * FROM days WHERE day >= {since:Date}) AS n INNER JOIN days AS o ON o.source = n.source AND o.account = n.account
        WHERE o.day < n.day AND o.day >= n.day - toUInt32({before:Float64})
        GROUP BY source, account, day
    )
-- Empty: the source did not tell the currency.
SELECT source, account, day, money, its.1 AS what_changed, its.2 AS what_changed_ru, arrayStringConcat(its.4, ', ') AS was, arrayStringConcat(its.3, ', ') AS now,
    replaceAll(replaceAll(was, 'without VAT', 'без НДС'), 'with VAT', 'с НДС') AS was_ru, replaceAll(replaceAll(now, 'without VAT', 'без НДС'), 'with VAT', 'с НДС') AS now_ru
FROM compared ARRAY JOIN all_of_it AS its
WHERE (its.1 = 'VAT' AND length(its.3) > 1)
    OR (NOT hasAny(its.3, its.4) AND (its.1 != 'currency' OR (its.3 != [''] AND its.4 != [''])))
ORDER BY day DESC, source, account
