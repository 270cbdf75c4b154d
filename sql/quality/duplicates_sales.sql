-- title: No row of stg_qtickets_sales_raw stands twice
-- ru: Продажи по дням не записаны дважды
-- why: A SELECT without FINAL would count it twice
-- why_ru: Отчёты, которые читают таблицу напрямую, покажут двойную выручку
-- do: It takes one more load; if it stays, merge the table's parts
-- do_ru: Нужна ещё одна загрузка: она убирает повторы
-- run: zakaz load {source}
-- severity: fail
-- story: exact
-- key: account, day
-- when: night
-- sources: qtickets
-- says: {who}: events that stand twice on {day}: {rows}[, {money} ₽ too much]
-- says_ru: {who}: продажи записаны дважды за {day}: лишних строк {rows}[, лишние {money} ₽]

-- `newest` changes when a load writes the rows again: what stays is no load's work in progress.
SELECT account, day, sum(surplus) AS rows, sum(cost) AS money, max(written) AS newest
FROM
(
    SELECT account, event_date AS day, count() - 1 AS surplus, sum(revenue) - argMax(revenue, _ver) AS cost, max(_ver) AS written
    FROM stg_qtickets_sales_raw
    GROUP BY event_date, account, event_id, currency
    HAVING surplus > 0
)
GROUP BY account, day
ORDER BY day DESC, account
