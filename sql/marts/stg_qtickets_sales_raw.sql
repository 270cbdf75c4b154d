-- Sales by day, account, event and currency, from the tickets: a ticket counts on the Moscow day on which it was paid.
-- A cancelled ticket does not count; a refunded one does, with the money given back beside the money paid.
SELECT
    toDate(t.booked_at, 'Europe/Moscow')            AS event_date,
    t.account                                       AS account,
    t.event_id                                      AS event_id,
    t.currency                                      AS currency,
    any(e.city)                                     AS city,
    any(e.event_name)                               AS event_name,
    sum(t.quantity)                                 AS tickets_sold,
    CAST(sum(t.amount) AS Decimal(18, 2))           AS revenue,
    CAST(sum(t.refunded_amount) AS Decimal(18, 2))  AS refunds_amount
FROM stg_qtickets_tickets AS t FINAL
LEFT JOIN (SELECT account, event_id, city, event_name FROM dim_events FINAL) AS e
    ON e.account = t.account AND e.event_id = t.event_id
WHERE t.state IN ('paid', 'refunded')
GROUP BY event_date, account, event_id, currency
