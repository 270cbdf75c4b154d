-- title: Sales in a currency other than the report's are few
-- why: They are in no marketing view
-- severity: warn
-- sources: qtickets
-- param: days = 7
-- param: share = 0.2
-- param: tickets = 30

SELECT 'too few sales for a share of them to mean something' AS unjudged
FROM stg_qtickets_sales_raw FINAL WHERE event_date >= {today:Date} - toUInt32({days:Float64})
HAVING sum(tickets_sold) < {tickets:Float64};

SELECT concat(toString(tickets), ' of ', toString(total), ' tickets since ', toString({today:Date} - toUInt32({days:Float64})), ' were sold for ', currency) AS what, currency, tickets
FROM
(
    SELECT currency, sum(tickets_sold) AS tickets, sum(tickets) OVER () AS total
    FROM stg_qtickets_sales_raw FINAL
    WHERE event_date >= {today:Date} - toUInt32({days:Float64})
    GROUP BY currency
)
WHERE currency NOT IN (SELECT currency FROM dim_report FINAL) AND tickets > total * {share:Float64}
ORDER BY currency
