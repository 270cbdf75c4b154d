-- title: A ticket is sold in the currency of its event
-- ru: Билет продан в валюте своего события
-- why: In another one it is in no marketing view
-- why_ru: В чужой валюте билет не попадает в отчёт
-- do: Look at the currency of the event in QTickets; the days are to be loaded again
-- do_ru: Проверьте валюту события в QTickets; нужна повторная загрузка этих дней
-- run: zakaz load {source} --from {day} --refresh
-- severity: fail
-- story: exact
-- key: account, event_id, currency
-- when: night
-- sources: qtickets
-- says: {who}: tickets are in {currency}, their event sells for {its}, from {day}, tickets: {tickets}: {event}
-- says_ru: {who}: билеты проданы в {currency}, а событие в {its}, с {day}, билетов {tickets}: {event}

SELECT t.account AS account, t.event_id AS event_id, t.currency AS currency, any(e.event_name) AS event, any(e.currency) AS its, min(t.event_date) AS day, sum(t.tickets_sold) AS tickets, sum(t.revenue) AS money
FROM (SELECT * FROM stg_qtickets_sales_raw FINAL WHERE revenue > 0) AS t
INNER JOIN (SELECT * FROM dim_events FINAL WHERE currency != '') AS e ON e.account = t.account AND e.event_id = t.event_id
WHERE t.currency != e.currency
GROUP BY account, event_id, currency
ORDER BY money DESC, account, event_id
