-- Sales as they stand now: one row a day of sale, event and currency, superseded rows left out.
SELECT
    event_date,
    event_id,
    city,
    event_name,
    currency,
    tickets_sold,
    revenue,
    refunds_amount
FROM stg_qtickets_sales_raw FINAL
