-- title: Sales in a currency other than the report's are few
-- ru: Продаж в другой валюте немного
-- why: They are in no marketing view
-- why_ru: Они не попадают в отчёт по рекламе
-- do: Look whether the events' currency in QTickets is right
-- do_ru: Проверьте валюту событий в QTickets
-- severity: warn
-- story: exact
-- key: currency
-- days: 14
-- sources: qtickets
-- says: sales in {currency} are in no marketing view: {amount} {currency} in the week to {day}, {tickets} of {total} tickets
-- says_ru: продажи в {currency} не входят в отчёты: {amount} {currency} за неделю по {day}, билетов {tickets} из {total}
-- param: share = 0.2
-- param: tickets = 30

-- The week that ends on a day, for each day: the first week in which they were many.
WITH
    sold AS
    (
        SELECT event_date AS day, toString(currency) AS currency, sum(tickets_sold) AS n, sum(revenue) AS brought
        FROM stg_qtickets_sales_raw FINAL
        WHERE event_date >= {since:Date} - 6 AND event_date < {today:Date}
        GROUP BY day, currency
    ),
    weeks AS
    (
        SELECT c.day AS day, s.currency AS currency, sum(s.n) AS tickets, sum(s.brought) AS amount, sum(tickets) OVER (PARTITION BY c.day) AS total
        FROM (SELECT {since:Date} + number AS day FROM numbers(toUInt32({today:Date} - {since:Date}))) AS c
        CROSS JOIN sold AS s
        WHERE s.day <= c.day AND s.day > c.day - 7
        GROUP BY day, currency
    )
SELECT currency, min(day) AS day, argMin(tickets, weeks.day) AS tickets, argMin(total, weeks.day) AS total, argMin(amount, weeks.day) AS amount
FROM weeks
WHERE currency NOT IN (SELECT toString(currency) FROM dim_report FINAL) AND weeks.tickets >= {tickets:Float64} AND weeks.tickets > weeks.total * {share:Float64}
GROUP BY currency
ORDER BY currency
