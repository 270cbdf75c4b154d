-- title: No day between two days of spend is without any
-- why: A day of an account that was not loaded looks like a day without advertising
-- severity: fail
-- sources: vk_ads, direct
-- param: days = 90

WITH spent AS (SELECT source, account_id, stat_date AS day, sum(spend) AS spend FROM v_ad_spend GROUP BY source, account_id, day)
SELECT
    concat(source, ' ', account_id, ' has nothing on ', toString(day)) AS what,
    source,
    account_id,
    day
FROM
(
    SELECT source, account_id, arrayJoin(arrayMap(n -> addDays(first, n), range(toUInt32(last - first)))) AS day
    FROM
    (
        SELECT source, account_id, greatest(min(day), {today:Date} - toUInt32({days:Float64})) AS first, max(day) AS last
        FROM spent GROUP BY source, account_id HAVING last > first
    )
)
WHERE (source, account_id, day) NOT IN (SELECT source, account_id, day FROM spent)
ORDER BY source, account_id, day
