-- title: v_sales_latest shows what its table holds
-- ru: Отчёт по продажам показывает всё, что загружено
-- why: DataLens reads the view
-- why_ru: DataLens берёт продажи отсюда
-- do: The view is to be made anew
-- do_ru: Перешлите администратору Zakaz: отчёт нужно пересоздать, данные при этом не пропадут
-- run: zakaz migrate
-- severity: fail
-- story: exact
-- key: day, currency
-- when: night
-- sources: qtickets
-- says: v_sales_latest of {day} is off[, revenue by {brought} {currency}][, refunds by {returned} {currency}][, tickets by {tickets}]
-- says_ru: отчёт по продажам за {day} неверен[, выручка на {brought} {currency}][, возвраты на {returned} {currency}][, билеты на {tickets}]

-- By event. `newest` changes when a load writes the rows again: what stays is no load's work in progress.
SELECT day, currency, sum(abs(r)) AS brought, sum(abs(b)) AS returned, sum(abs(n)) AS tickets, if(currency IN (SELECT toString(currency) FROM dim_report FINAL), brought, NULL) AS money, max(v) AS newest
FROM
(
    SELECT day, currency, event, sum(brought) AS r, sum(returned) AS b, sum(tickets) AS n, max(written) AS v
    FROM
    (
        SELECT event_date AS day, toString(currency) AS currency, event_id AS event, revenue AS brought, refunds_amount AS returned, toInt64(tickets_sold) AS tickets, toUInt64(0) AS written FROM v_sales_latest
        UNION ALL
        SELECT event_date, toString(currency), event_id, -revenue, -refunds_amount, -toInt64(tickets_sold), _ver FROM stg_qtickets_sales_raw FINAL
    )
    GROUP BY day, currency, event
)
WHERE r != 0 OR b != 0 OR n != 0
GROUP BY day, currency
ORDER BY day DESC, currency
