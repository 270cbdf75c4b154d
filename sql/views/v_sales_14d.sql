-- Sales of the last fourteen Moscow days, today included.
SELECT
    event_date,
    event_id,
    city,
    event_name,
    currency,
    tickets_sold,
    revenue,
    refunds_amount,
    revenue - refunds_amount AS net_revenue
FROM v_sales_latest
WHERE event_date > toDate(now(), 'Europe/Moscow') - 14
