-- title: Sales by day stand in the city of their event
-- ru: Продажи стоят в городе своего события
-- why: One city shows the sales of another
-- why_ru: Один город показывает продажи другого
-- do: It takes one more load: the sales follow their events; the total is right
-- do_ru: Нужна ещё одна загрузка: продажи вернутся в свой город
-- run: zakaz load {source}
-- severity: fail
-- story: exact
-- key: account, event_id
-- when: night
-- sources: qtickets
-- says: {who}: sales are booked on {booked} instead of {city}, from {day}, {money} ₽: {event}
-- says_ru: {who}: продажи в отчёте в городе «{booked}» вместо «{city}» с {day}, {money} ₽: {event}

SELECT s.account AS account, s.event_id AS event_id, any(e.event_name) AS event, any(if(e.city = '', '-', e.city)) AS city, any(if(s.city = '', '-', s.city)) AS booked, min(s.event_date) AS day, sum(s.revenue) AS money, max(s._ver) AS newest
FROM (SELECT * FROM stg_qtickets_sales_raw FINAL) AS s
INNER JOIN (SELECT * FROM dim_events FINAL) AS e ON e.account = s.account AND e.event_id = s.event_id
WHERE s.city != e.city
GROUP BY account, event_id
ORDER BY money DESC, account, event_id
