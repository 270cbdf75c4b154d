-- title: Sales by day stand in the city of their event
-- ru: Продажи стоят в городе своего события
-- why: One city shows the sales of another
-- why_ru: Один город показывает продажи другого
-- do: Run zakaz load qtickets once more: the sales follow their events
-- do_ru: Запустите загрузку qtickets ещё раз: продажи встанут в свой город
-- severity: fail
-- story: exact
-- key: account, event_id
-- when: night
-- sources: qtickets
-- says: {who}: "{event}" is in {city}, its sales are booked on {booked}: {money} from {day}
-- says_ru: {who}: «{event}» проходит в городе {city}, а продажи записаны на {booked}: {money} с {day}

SELECT s.account AS account, s.event_id AS event_id, any(e.event_name) AS event, any(if(e.city = '', '-', e.city)) AS city, any(if(s.city = '', '-', s.city)) AS booked, min(s.event_date) AS day, sum(s.revenue) AS money, max(s._ver) AS newest
FROM (SELECT * FROM stg_qtickets_sales_raw FINAL) AS s
INNER JOIN (SELECT * FROM dim_events FINAL) AS e ON e.account = s.account AND e.event_id = s.event_id
WHERE s.city != e.city
GROUP BY account, event_id
ORDER BY money DESC, account, event_id
