-- title: Every ticket's event is known
-- why: Its sales have no city and no name
-- severity: fail
-- sources: qtickets

SELECT concat('event ', toString(event_id), ' is unknown: ', toString(n), ' tickets') AS what, event_id, n
FROM (SELECT event_id, count() AS n FROM stg_qtickets_tickets FINAL WHERE state IN ('paid', 'refunded') GROUP BY event_id)
WHERE event_id NOT IN (SELECT event_id FROM dim_events FINAL)
ORDER BY n DESC, event_id
