-- Sales as they stand now: one row a day of sale, event and currency, superseded rows left out. Accounts that have
-- the same event are added up; the same number may also be another event of another account, by name or city.
SELECT
    event_date,
    event_id,
    city,
    event_name,
    currency,
    sold                                        AS tickets_sold,
    CAST(paid AS Decimal(18, 2))                AS revenue,
    CAST(returned AS Decimal(18, 2))            AS refunds_amount
FROM
(
    SELECT
        event_date, event_id, city, event_name, currency,
        sum(tickets_sold) AS sold, sum(revenue) AS paid, sum(refunds_amount) AS returned
    FROM stg_qtickets_sales_raw FINAL
    GROUP BY event_date, event_id, city, event_name, currency
)
