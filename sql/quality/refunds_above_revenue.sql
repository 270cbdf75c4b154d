-- title: No ticket was refunded above its price
-- ru: За билет не вернули больше, чем он стоил
-- why: Money given back that was never paid
-- why_ru: Возвращены деньги, которых не платили: выручка занижена
-- do: Look up the refund in the ticket's order in QTickets
-- do_ru: Найдите заказ этого билета в QTickets и проверьте возврат
-- severity: fail
-- when: night
-- sources: qtickets
-- story: exact
-- key: account, ticket_id
-- says: {who}: ticket {ticket_id} cost {amount} ₽, given back {refunded_amount} ₽
-- says_ru: {who}: за билет вернули {refunded_amount} ₽, а стоил он {amount} ₽, билет № {ticket_id}

SELECT 'qtickets' AS source, account, ticket_id, toDate(booked_at, 'Europe/Moscow') AS day, amount, refunded_amount, refunded_amount - amount AS money
FROM stg_qtickets_tickets FINAL
WHERE refunded_amount > amount
ORDER BY money DESC, account, ticket_id
