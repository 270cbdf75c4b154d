-- title: No row of stg_qtickets_tickets stands twice
-- why: A SELECT without FINAL would count it twice
-- severity: fail
-- when: night
-- sources: qtickets

-- `newest` changes when a load writes the rows again: what stays is no load's work in progress.
SELECT
    concat(toString((ticket_id)), if(account = 'main', '', concat(' ', account)), ' stands ', toString(count()), ' times') AS what,
    count() - 1 AS surplus,
    max(_ver) AS newest,
    account, ticket_id
FROM stg_qtickets_tickets
GROUP BY account, ticket_id
HAVING count() > 1
ORDER BY account, ticket_id
