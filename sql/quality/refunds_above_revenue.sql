-- title: No ticket was refunded above its price
-- why: Money given back that was never paid
-- severity: fail
-- when: night
-- sources: qtickets

SELECT concat('ticket ', toString(ticket_id), if(account = 'main', '', concat(' ', account)), ': paid ', toString(amount), ', given back ', toString(refunded_amount)) AS what, account, ticket_id, amount, refunded_amount
FROM stg_qtickets_tickets FINAL
WHERE refunded_amount > amount
ORDER BY account, ticket_id
