-- The last two weeks, day by day; a day without sales is there too.
SELECT
    day,
    sum(revenue) - sum(refunds_amount) AS net_revenue
FROM
(
    SELECT event_date AS day, revenue, refunds_amount
    FROM v_sales_latest
    WHERE currency = {currency:String}
    UNION ALL
    SELECT toDate(now(), 'Europe/Moscow') - number, 0, 0
    FROM numbers(14)
)
WHERE day > toDate(now(), 'Europe/Moscow') - 14
GROUP BY day
ORDER BY day
