-- title: Yesterday's spend is like that of the same weekdays before
-- why: Half a day loads as easily as a whole one
-- severity: warn
-- sources: vk_ads, direct
-- param: small = 1000
-- param: low = 0.4
-- param: high = 2.5

SELECT 'fewer than four weeks of data' AS unjudged
FROM (SELECT stat_date AS day, toFloat64(sum(spend)) AS amount FROM v_ad_spend GROUP BY day)
HAVING min(day) > {today:Date} - 29 OR count() = 0;

WITH days AS (SELECT stat_date AS day, toFloat64(sum(spend)) AS amount FROM v_ad_spend GROUP BY day)
SELECT
    concat('spend on ', toString({today:Date} - 1), ' was ', toString(round(yesterday)), ', on such weekdays usually ', toString(round(usual))) AS what,
    yesterday,
    usual
FROM
(
    SELECT
        sumIf(amount, day = {today:Date} - 1) AS yesterday,
        medianIf(amount, day < {today:Date} - 1 AND toDayOfWeek(day) = toDayOfWeek({today:Date} - 1)) AS of_weekday,
        medianIf(amount, day < {today:Date} - 1 AND day >= {today:Date} - 9) AS of_week,
        (of_weekday + of_week) / 2 AS usual
    FROM days
    WHERE day >= {today:Date} - 43 AND day < {today:Date}
)
WHERE usual >= {small:Float64} AND (yesterday < usual * {low:Float64} OR yesterday > usual * {high:Float64})
