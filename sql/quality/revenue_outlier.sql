-- title: No ticket costs a multiple of what its event's tickets cost
-- why: A price in kopecks or with a digit too many
-- severity: warn
-- sources: qtickets
-- param: times = 20
-- param: days = 90

SELECT concat('ticket ', toString(ticket_id), if(account = 'main', '', concat(' ', account)), ' of event ', toString(event_id), ' cost ', toString(price), ', usually ', toString(usual)) AS what, account, ticket_id, event_id, price
FROM stg_qtickets_tickets AS t FINAL
INNER JOIN
(
    SELECT account AS seller, event_id AS id, currency AS money, quantileExact(0.5)(price) AS usual, count() AS n
    FROM stg_qtickets_tickets FINAL
    WHERE price > 0 AND booked_at >= toDateTime64({today:Date} - toUInt32({days:Float64}), 3, 'Europe/Moscow')
    GROUP BY seller, id, money
) AS e ON e.seller = t.account AND e.id = t.event_id AND e.money = t.currency
WHERE n >= 20 AND price > usual * {times:Float64} AND booked_at >= toDateTime64({today:Date} - 30, 3, 'Europe/Moscow')
ORDER BY account, ticket_id
