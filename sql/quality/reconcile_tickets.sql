-- title: Sales by day are the sum of their tickets
-- why: The table that people read must not drift from the one that is loaded
-- severity: fail
-- sources: qtickets

SELECT concat(job, ' is loading at this moment') AS unjudged FROM meta_job_runs FINAL
WHERE status = 'running' AND endsWith(job, '_loader') AND started_at > now() - toIntervalHour(1)
ORDER BY job LIMIT 1;

SELECT
    concat(toString(day), ', event ', toString(event), ', ', currency, ': by day ', toString(by_day), ' more in revenue, ', toString(returned), ' in refunds, ', toString(tickets), ' in tickets than by ticket') AS what,
    day,
    event,
    currency
FROM
(
    SELECT day, event, currency, sum(r) AS by_day, sum(b) AS returned, sum(n) AS tickets
    FROM
    (
        SELECT event_date AS day, event_id AS event, toString(currency) AS currency, revenue AS r, refunds_amount AS b, toInt64(tickets_sold) AS n
        FROM stg_qtickets_sales_raw FINAL
        UNION ALL
        SELECT toDate(assumeNotNull(paid_at), 'Europe/Moscow'), event_id, toString(currency), -amount, -refunded_amount, -toInt64(quantity)
        FROM stg_qtickets_tickets FINAL WHERE state IN ('paid', 'refunded')
    )
    GROUP BY day, event, currency
)
WHERE by_day != 0 OR returned != 0 OR tickets != 0
ORDER BY day, event, currency
