-- title: No main campaign fell silent, nor several at once
-- why: A declined card or a rejected ad costs sales before anybody sees it
-- severity: warn
-- sources: vk_ads, direct
-- param: usual = 1000
-- param: share = 0.2
-- param: together = 3

SELECT 'fewer than two weeks of advertising' AS unjudged
FROM (SELECT min(stat_date) AS first, max(stat_date) AS last FROM v_ad_spend WHERE spend > 0 AND stat_date >= {today:Date} - 60 GROUP BY source, account)
HAVING countIf(first <= {today:Date} - 16 AND last >= {today:Date} - 3) = 0;

-- A small campaign is paused by a person every week, so one alone counts only if much of the spend was its own and
-- its city has a show to come. Campaigns of one city end together, when its show is over: they count as one.
WITH campaigns AS
(
    SELECT
        source,
        account,
        campaign_id,
        argMax(campaign_name, stat_date) AS name,
        toString(argMax(utm_city, stat_date)) AS city,
        max(stat_date) AS last,
        uniqExactIf(stat_date, stat_date <= {today:Date} - 3) AS days,
        toFloat64(sumIf(spend, stat_date <= {today:Date} - 3)) / 14 AS usual
    FROM v_ad_spend
    WHERE spend > 0 AND stat_date >= {today:Date} - 16 AND stat_date < {today:Date}
        AND (source, account) IN {accounts:Array(Tuple(String, String))}
    GROUP BY source, account, campaign_id
),
coming AS
(
    SELECT toString(city) AS city FROM dim_events FINAL
    WHERE is_active AND last_show_at >= toDateTime64({today:Date} + 1, 3, 'Europe/Moscow')
),
silent AS
(
    SELECT *, uniqExact(if(city = '', toString(campaign_id), city)) OVER (PARTITION BY source, account) AS at_once
    FROM campaigns WHERE last = {today:Date} - 3 AND days >= 13
)
SELECT concat(s.source, if(s.account = 'main', '', concat(' ', s.account)), ' campaign ', s.name, ' (', toString(s.campaign_id), ') spent nothing since ', toString(s.last + 1), ', usually ', toString(round(s.usual)), ' a day') AS what, s.source AS source, s.account AS account, s.campaign_id AS campaign_id
FROM silent AS s
INNER JOIN (SELECT source, account, sum(usual) AS of_all FROM campaigns GROUP BY source, account) AS a
    ON a.source = s.source AND a.account = s.account
WHERE s.at_once >= {together:Float64}
    OR (s.usual >= {usual:Float64} AND s.usual >= a.of_all * {share:Float64} AND s.city IN (SELECT city FROM coming))
ORDER BY source, account, campaign_id
