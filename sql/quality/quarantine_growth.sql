-- title: Few rows were rejected lately
-- why: Each is a ticket or an ad day that is not in the figures
-- severity: warn
-- sources: qtickets, vk_ads, direct
-- param: rows = 0

SELECT concat(toString(n), ' rows of ', source, if(account = 'main', '', concat(' ', account)), ' ', resource, ' were rejected in the last day, mostly because ', reason) AS what, source, account, resource, n
FROM
(
    SELECT source, account, resource, count() AS n, topK(1)(reason)[1] AS reason
    FROM meta_quarantine FINAL
    WHERE rejected_at >= toDateTime64({today:Date} - 1, 3, 'Europe/Moscow')
    GROUP BY source, account, resource
)
WHERE n > {rows:Float64}
ORDER BY n DESC, source, account, resource
