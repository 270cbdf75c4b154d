-- title: Sales by day are the sum of their tickets
-- why: The table that people read must not drift from the one that is loaded
-- severity: fail
-- sources: qtickets

SELECT
    concat(toString(day), ', event ', toString(event), ': ', toString(by_day), ' by day, ', toString(by_ticket), ' by ticket') AS what,
    day,
    event
FROM
(
    SELECT day, event, currency, sum(a) AS by_day, sum(b) AS by_ticket, sum(n) AS difference
    FROM
    (
        SELECT event_date AS day, event_id AS event, currency, revenue - refunds_amount AS a, toDecimal64(0, 2) AS b, toInt64(tickets_sold) AS n
        FROM stg_qtickets_sales_raw FINAL
        UNION ALL
        SELECT toDate(assumeNotNull(paid_at), 'Europe/Moscow'), event_id, currency, toDecimal64(0, 2), amount - refunded_amount, -toInt64(quantity)
        FROM stg_qtickets_tickets FINAL WHERE state IN ('paid', 'refunded')
    )
    GROUP BY day, event, currency
)
WHERE by_day != by_ticket OR difference != 0
ORDER BY day, event
