-- title: v_sales_latest shows what its table holds
-- why: DataLens reads the view
-- severity: fail
-- sources: qtickets

SELECT concat(toString(event_date), ': the view and its table differ') AS what, event_date
FROM
(
    SELECT event_date, sum(r) AS r, sum(n) AS n
    FROM
    (
        SELECT event_date, revenue - refunds_amount AS r, toInt64(tickets_sold) AS n FROM v_sales_latest
        UNION ALL
        SELECT event_date, refunds_amount - revenue, -toInt64(tickets_sold) FROM stg_qtickets_sales_raw FINAL
    )
    GROUP BY event_date
)
WHERE r != 0 OR n != 0
ORDER BY event_date
