-- The cities that brought most.
SELECT
    city,
    sum(tickets_sold)                     AS tickets,
    sum(revenue) - sum(refunds_amount)    AS net_revenue
FROM v_sales_latest
WHERE currency = {currency:String}
GROUP BY city
ORDER BY net_revenue DESC, city
LIMIT 5
