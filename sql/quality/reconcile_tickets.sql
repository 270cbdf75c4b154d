-- title: Sales by day are the sum of their tickets
-- ru: Продажи по дням равны сумме билетов
-- why: The table that people read must not drift from the one that is loaded
-- why_ru: Отчёт по продажам расходится с самими билетами
-- do: It takes one more load: the sales follow the tickets
-- do_ru: Нужна ещё одна загрузка: продажи пересчитаются по билетам
-- run: zakaz load {source}
-- severity: fail
-- story: exact
-- follows: qtickets
-- key: account, day
-- when: night
-- sources: qtickets
-- says: {who}: sales of {day} differ from the tickets[, revenue by {money} ₽][, refunds by {returned} ₽][, tickets by {tickets}]
-- says_ru: {who}: продажи за {day} не равны сумме билетов[, выручка на {money} ₽][, возвраты на {returned} ₽][, билеты на {tickets}]

-- By event, so that what one has too much hides nothing that another lacks. `newest` changes when a load writes the
-- rows again: what stays is no load's work in progress.
SELECT account, day, sum(abs(brought)) AS money, sum(abs(gave_back)) AS returned, sum(abs(sold)) AS tickets, groupArray(5)(event) AS events, max(written) AS newest
FROM
(
    SELECT day, account, event, sum(r) AS brought, sum(b) AS gave_back, sum(n) AS sold, max(v) AS written
    FROM
    (
        SELECT event_date AS day, account, event_id AS event, toString(currency) AS money_of, revenue AS r, refunds_amount AS b, toInt64(tickets_sold) AS n, _ver AS v
        FROM stg_qtickets_sales_raw FINAL
        UNION ALL
        SELECT toDate(booked_at, 'Europe/Moscow'), account, event_id, toString(currency), -amount, -refunded_amount, -toInt64(quantity), _ver
        FROM stg_qtickets_tickets FINAL WHERE state IN ('paid', 'refunded')
    )
    GROUP BY day, account, event, money_of
)
WHERE brought != 0 OR gave_back != 0 OR sold != 0
GROUP BY account, day
ORDER BY day DESC, account
-- An older version of a ticket that was left in another month is to be seen: loads take months apart.
SETTINGS do_not_merge_across_partitions_select_final = 0
