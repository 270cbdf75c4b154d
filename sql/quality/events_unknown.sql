-- title: Every ticket's event is known
-- ru: У каждого проданного билета известно событие
-- why: Its sales have no city and no name
-- why_ru: Эти продажи не попадают ни в один город
-- do: Look in QTickets whether the event was deleted; if not, it takes one more load
-- do_ru: Посмотрите в QTickets, не удалено ли событие; если оно есть, нужна ещё одна загрузка
-- run: zakaz load {source}
-- severity: fail
-- story: exact
-- key: account, event_id
-- when: night
-- sources: qtickets
-- says: {who}: event {event} is unknown, {money} ₽ of sales have no city, tickets: {tickets}
-- says_ru: {who}: продажи неизвестного события № {event}: {money} ₽ без города, билетов: {tickets}

SELECT account, event_id, toString(event_id) AS event, sum(quantity) AS tickets, sum(amount) AS money
FROM stg_qtickets_tickets FINAL
WHERE state IN ('paid', 'refunded') AND (account, event_id) NOT IN (SELECT account, event_id FROM dim_events FINAL)
GROUP BY account, event_id
ORDER BY money DESC, account, event_id
