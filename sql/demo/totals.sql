-- What is in the warehouse, in one row a currency.
SELECT
    currency,
    uniqExact(event_id)          AS events,
    uniqExact(city)              AS cities,
    sum(tickets_sold)            AS tickets,
    sum(revenue)                 AS revenue,
    sum(refunds_amount)          AS refunds,
    revenue - refunds            AS net_revenue
FROM v_sales_latest
GROUP BY currency
ORDER BY tickets DESC
