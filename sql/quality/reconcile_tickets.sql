-- title: Sales by day are the sum of their tickets
-- why: The table that people read must not drift from the one that is loaded
-- severity: fail
-- when: night
-- sources: qtickets

-- `newest` changes when a load writes the rows again: what stays is no load's work in progress.
SELECT
    concat(toString(day), ', event ', toString(event), if(account = 'main', '', concat(' ', account)), ', ', currency, ': by day ', toString(by_day), ' more in revenue, ', toString(returned), ' in refunds, ', toString(tickets), ' in tickets than by ticket') AS what,
    day,
    account,
    event,
    currency,
    newest
FROM
(
    SELECT day, account, event, currency, sum(r) AS by_day, sum(b) AS returned, sum(n) AS tickets, max(v) AS newest
    FROM
    (
        SELECT event_date AS day, account, event_id AS event, toString(currency) AS currency, revenue AS r, refunds_amount AS b, toInt64(tickets_sold) AS n, _ver AS v
        FROM stg_qtickets_sales_raw FINAL
        UNION ALL
        SELECT toDate(booked_at, 'Europe/Moscow'), account, event_id, toString(currency), -amount, -refunded_amount, -toInt64(quantity), _ver
        FROM stg_qtickets_tickets FINAL WHERE state IN ('paid', 'refunded')
    )
    GROUP BY day, account, event, currency
)
WHERE by_day != 0 OR returned != 0 OR tickets != 0
ORDER BY day, account, event, currency
-- An older version of a ticket that was left in another month is to be seen: loads take months apart.
SETTINGS do_not_merge_across_partitions_select_final = 0
