-- title: No row of stg_qtickets_sales_raw stands twice
-- why: A SELECT without FINAL would count it twice
-- severity: fail
-- when: night
-- sources: qtickets

-- `newest` changes when a load writes the rows again: what stays is no load's work in progress.
SELECT
    concat(toString((event_date, event_id, currency)), if(account = 'main', '', concat(' ', account)), ' stands ', toString(count()), ' times') AS what,
    count() - 1 AS surplus,
    max(_ver) AS newest,
    event_date, account, event_id, currency
FROM stg_qtickets_sales_raw
GROUP BY event_date, account, event_id, currency
HAVING count() > 1
ORDER BY event_date, account, event_id, currency
