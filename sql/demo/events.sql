-- The events that brought most.
SELECT
    event_name                            AS event,
    city,
    sum(tickets_sold)                     AS tickets,
    sum(revenue) - sum(refunds_amount)    AS net_revenue
FROM v_sales_latest
WHERE currency = {currency:String}
GROUP BY event_id, event, city
ORDER BY net_revenue DESC, event_id
LIMIT 5
