-- title: v_sales_latest shows what its table holds
-- why: DataLens reads the view
-- severity: fail
-- when: night
-- sources: qtickets

-- `newest` changes when a load writes the rows again: what stays is no load's work in progress.
SELECT concat(toString(event_date), ' ', currency, ': v_sales_latest differs from its table by ', toString(brought), ' of revenue, ', toString(returned), ' of refunds, ', toString(tickets), ' tickets') AS what, event_date, currency, newest
FROM
(
    SELECT event_date, currency, sum(r) AS brought, sum(b) AS returned, sum(n) AS tickets, max(v) AS newest
    FROM
    (
        SELECT event_date, currency, revenue AS r, refunds_amount AS b, toInt64(tickets_sold) AS n, toUInt64(0) AS v FROM v_sales_latest
        UNION ALL
        SELECT event_date, currency, -revenue, -refunds_amount, -toInt64(tickets_sold), _ver FROM stg_qtickets_sales_raw FINAL
    )
    GROUP BY event_date, currency
)
WHERE brought != 0 OR returned != 0 OR tickets != 0
ORDER BY event_date, currency
