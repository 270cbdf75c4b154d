-- title: No row of fact_vk_ads_daily stands twice
-- ru: Расходы VK Ads не записаны дважды
-- why: A SELECT without FINAL would count it twice
-- why_ru: Отчёты, которые читают таблицу напрямую, покажут двойной расход
-- do: It takes one more load; if it stays, merge the table's parts
-- do_ru: Нужна ещё одна загрузка: она убирает повторы
-- run: zakaz load {source}
-- severity: fail
-- story: exact
-- key: account, day
-- when: night
-- sources: vk_ads
-- says: {who}: ad days that stand twice on {day}: {rows}[, {money} ₽ too much]
-- says_ru: {who}: расход записан дважды за {day}: лишних строк {rows}[, лишние {money} ₽]

-- `newest` changes when a load writes the rows again: what stays is no load's work in progress.
SELECT 'vk_ads' AS source, account, day, sum(surplus) AS rows, sum(cost) AS money, max(written) AS newest
FROM
(
    SELECT stat_date AS day, account, count() - 1 AS surplus, sum(spent) - argMax(spent, _ver) AS cost, max(_ver) AS written
    FROM fact_vk_ads_daily
    GROUP BY stat_date, account, account_id, campaign_id, ad_group_id, ad_id
    HAVING surplus > 0
)
GROUP BY account, day
ORDER BY day DESC, account
