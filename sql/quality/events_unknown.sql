-- title: Every ticket's event is known
-- why: Its sales have no city and no name
-- severity: fail
-- when: night
-- sources: qtickets

SELECT concat('event ', toString(event_id), if(account = 'main', '', concat(' ', account)), ' is unknown: ', toString(n), ' tickets') AS what, account, event_id, n
FROM (SELECT account, event_id, count() AS n FROM stg_qtickets_tickets FINAL WHERE state IN ('paid', 'refunded') GROUP BY account, event_id)
WHERE (account, event_id) NOT IN (SELECT account, event_id FROM dim_events FINAL)
ORDER BY n DESC, account, event_id
