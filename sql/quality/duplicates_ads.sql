-- title: No ad of an account stands twice on a day
-- ru: Одно объявление не учтено за день дважды
-- why: A login that changed its name, or a second way to the same API, counts its spend twice
-- why_ru: Расход посчитан дважды: сменился логин или один кабинет подключён двумя способами
-- do: Tell whoever runs Zakaz which of these is no longer used: its rows are removed, then these days loaded again
-- do_ru: Скажите администратору Zakaz, какой из этих кабинетов старый: его строки нужно убрать, потом загрузить дни заново
-- run: {load}
-- severity: fail
-- story: exact
-- key: source, account, day
-- when: night
-- sources: vk_ads, direct
-- says: {who}: ads that stand twice on {day}: {ads}, {money} ₽ too much, of {ids}
-- says_ru: {who}: объявления учтены дважды за {day}: {ads}, лишний расход {money} ₽, кабинеты {ids}

-- Under two logins or campaigns; of two accounts of ours duplicates_accounts speaks.
SELECT source, account, day, count() AS ads, sum(cost) AS money, arraySort(arrayDistinct(arrayConcat(groupUniqArray(10)(one), groupUniqArray(10)(other)))) AS ids
FROM
(
    SELECT source, account, stat_date AS day, sum(spent) - max(spent) AS cost, min(account_id) AS one, max(account_id) AS other
    FROM v_ad_days WHERE ad_id != 0
    GROUP BY source, account, ad_id, day HAVING count() > 1
)
GROUP BY source, account, day
ORDER BY day DESC, source, account
