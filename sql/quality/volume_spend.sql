-- title: The spend of the last days is like that of the weeks before, by source
-- why: Half a day loads as easily as a whole one
-- severity: warn
-- sources: vk_ads, direct
-- param: days = 3
-- param: small = 1000
-- param: ads = 5
-- param: low = 0.6
-- param: high = 2.5

SELECT if(count() = 0, 'no advertising yet', 'fewer than four weeks of advertising') AS unjudged
FROM (SELECT min(stat_date) AS first FROM v_ad_spend WHERE stat_date >= {today:Date} - 60 GROUP BY source, account)
HAVING countIf(first <= {today:Date} - 29) = 0;

-- An account with a handful of ads doubles or halves whenever a person touches one, so that it is not judged.
WITH
    days AS
    (
        SELECT source, account, stat_date AS day, toFloat64(sum(spend)) AS spent, count() AS ads FROM v_ad_spend
        WHERE stat_date >= {today:Date} - 50 AND stat_date < {today:Date} GROUP BY source, account, day
    ),
    expected AS
    (
        SELECT
            n.source AS source,
            n.account AS account,
            n.day AS day,
            any(n.spent) AS spend,
            (medianIf(o.spent, toDayOfWeek(o.day) = toDayOfWeek(n.day) AND o.day >= n.day - 28) + 3 * medianIf(o.spent, o.day >= n.day - 8)) / 4 AS usual,
            medianIf(o.ads, o.day >= n.day - 8) AS usual_ads,
            min(o.day) AS first
        FROM (SELECT * FROM days WHERE day >= {today:Date} - toUInt32({days:Float64})) AS n
        INNER JOIN days AS o ON o.source = n.source AND o.account = n.account
        WHERE o.day < n.day AND o.day >= n.day - 42
        GROUP BY source, account, day
    )
SELECT concat(source, if(account = 'main', '', concat(' ', account)), ' cost ', toString(round(spend)), ' on ', toString(day), ', on such a day usually ', toString(round(usual))) AS what, source, account, day, spend, usual
FROM expected
WHERE usual >= {small:Float64} AND usual_ads >= {ads:Float64} AND first <= day - 28
    AND (spend < usual * {low:Float64} OR spend > usual * {high:Float64})
ORDER BY source, account, day
