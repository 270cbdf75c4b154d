-- title: A ticket is sold in the currency of its event
-- ru: Билет продан в валюте своего события
-- why: In another one it is in no marketing view
-- why_ru: В чужой валюте билет не попадает в отчёт
-- do: Load the days again with --refresh; if it stays, look at the event in QTickets
-- do_ru: Перезагрузите эти дни (--refresh); если не помогло, проверьте событие в QTickets
-- severity: fail
-- story: exact
-- key: account, event_id, currency
-- when: night
-- sources: qtickets
-- says: {who}: "{event}" sells for {its}, but from {day} tickets are in {currency}: {tickets}
-- says_ru: {who}: «{event}» продаётся в {its}, а с {day} билеты в {currency}: {tickets}

SELECT t.account AS account, t.event_id AS event_id, t.currency AS currency, any(e.event_name) AS event, any(e.currency) AS its, min(t.event_date) AS day, sum(t.tickets_sold) AS tickets, sum(t.revenue) AS money
FROM (SELECT * FROM stg_qtickets_sales_raw FINAL WHERE revenue > 0) AS t
INNER JOIN (SELECT * FROM dim_events FINAL WHERE currency != '') AS e ON e.account = t.account AND e.event_id = t.event_id
WHERE t.currency != e.currency
GROUP BY account, event_id, currency
ORDER BY money DESC, account, event_id
