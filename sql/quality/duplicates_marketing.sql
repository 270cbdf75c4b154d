-- title: No row of agg_marketing_daily stands twice
-- ru: Расходы и продажи в отчёте не записаны дважды
-- why: A SELECT without FINAL would count it twice
-- why_ru: Отчёты, которые читают таблицу напрямую, покажут двойные суммы
-- do: It takes one more load; if it stays, merge the table's parts
-- do_ru: Нужна ещё одна загрузка: она убирает повторы
-- run: zakaz load {source}
-- severity: fail
-- story: exact
-- key: part, day
-- when: night
-- sources: qtickets, vk_ads, direct
-- says: {who}: rows of the report that stand twice on {day}: {rows}[, {money} ₽ too much]
-- says_ru: {who}: строки отчёта записаны дважды за {day}: лишних строк {rows}[, лишние {money} ₽]

-- `newest` changes when a load writes the rows again: what stays is no load's work in progress.
SELECT part, if(part = 'other', 'qtickets', part) AS source, day, sum(surplus) AS rows, sum(cost) AS money, max(written) AS newest
FROM
(
    SELECT toString(source) AS part, d AS day, count() - 1 AS surplus, sum(spend_total + revenue) - argMax(spend_total + revenue, _ver) AS cost, max(_ver) AS written
    FROM agg_marketing_daily
    GROUP BY d, city, source
    HAVING surplus > 0
)
GROUP BY part, day
ORDER BY day DESC, part
