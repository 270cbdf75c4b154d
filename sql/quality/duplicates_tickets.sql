-- title: No row of stg_qtickets_tickets stands twice
-- ru: Билеты не записаны дважды
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
-- says: {who}: tickets that stand twice on {day}: {rows}[, {money} ₽ too much]
-- says_ru: {who}: билеты записаны дважды за {day}: лишних строк {rows}[, лишние {money} ₽]

-- Across months too: an older version of a ticket that moved to another. `newest` changes when a load writes the rows
-- again: what stays is no load's work in progress.
SELECT account, day, sum(surplus) AS rows, sum(cost) AS money, max(written) AS newest
FROM
(
    SELECT account, toDate(argMax(booked_at, _ver), 'Europe/Moscow') AS day, count() - 1 AS surplus, sum(amount) - argMax(amount, _ver) AS cost, max(_ver) AS written
    FROM stg_qtickets_tickets
    GROUP BY account, ticket_id
    HAVING surplus > 0
)
GROUP BY account, day
ORDER BY day DESC, account
