-- title: Sales in a currency other than the report's are few
-- why: They are in no marketing view
-- severity: warn
-- sources: qtickets
-- param: share = 0.2

SELECT concat(toString(tickets), ' of ', toString(total), ' tickets of the last 30 days were sold for ', currency) AS what, currency, tickets
FROM
(
    SELECT currency, sum(tickets_sold) AS tickets, sum(tickets) OVER () AS total
    FROM stg_qtickets_sales_raw FINAL
    WHERE event_date >= {today:Date} - 30
    GROUP BY currency
)
WHERE currency NOT IN (SELECT currency FROM dim_report FINAL) AND tickets > total * {share:Float64}
ORDER BY currency
