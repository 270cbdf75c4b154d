-- title: No main campaign fell silent, nor several at once
-- ru: Ни одна важная кампания не замолчала
-- why: A declined card or a rejected ad costs sales before anybody sees it
-- why_ru: Отклонённая карта или объявление стоят продаж раньше, чем это заметят
-- do: Look at the campaign in the cabinet: card, moderation, budget; pause it there if it is over
-- do_ru: Проверьте кампанию в кабинете: оплата, модерация, бюджет; если она больше не нужна, остановите её там
-- severity: warn
-- sources: vk_ads, direct
-- story: levels
-- key: source, account, campaign_id, day
-- days: 7
-- param: usual = 1000
-- param: share = 0.2
-- param: active = 0.1
-- param: together = 3
-- param: most = 0.4
-- says: {who}: nothing spent since {day}[, again since {back}], usual {usual} ₽ a day: {campaign}
-- says_ru: {who}: кампания без расхода с {day}[, вновь с {back}], обычно {usual} ₽ в день: {campaign}

SELECT 'fewer than two weeks of advertising' AS unjudged
FROM (SELECT min(stat_date) AS first, max(stat_date) AS last FROM v_ad_spend WHERE spend > 0 AND stat_date >= {since:Date} - 60 AND stat_date < {today:Date} GROUP BY source, account)
HAVING countIf(first <= {today:Date} - 16 AND last >= {today:Date} - 9) = 0;

-- `day`: the first without spend after two weeks with. The third silent day decides: one or two happen to ads by chance, or a
-- person pauses them; of several at once the second. One that its source calls active counts if it was a part of the account's spend, one that it calls
-- paused, ended or deleted never. Where the status is not known it must be much of the spend, with a show to come in its
-- city and none just over, or campaigns of several such cities that were as much and fell silent together. `most` of the
-- account's campaigns at once count on the first day, while others go on. Over public holidays people pause them.
WITH
    days AS
    (
        SELECT source, account, campaign_id, stat_date AS d, any(campaign_name) AS name, toString(any(utm_city)) AS city, toFloat64(sum(spend)) AS spent
        FROM v_ad_spend
        WHERE spend > 0 AND stat_date >= {since:Date} - 16 AND stat_date < {today:Date} AND (source, account) IN {accounts:Array(Tuple(String, String))}
        GROUP BY source, account, campaign_id, d
    ),
    ends AS
    (
        SELECT
            *, d + 1 AS day, least(next, {today:Date}) - day AS silent
        FROM
        (
            SELECT
                *, count() OVER w AS days_before, sum(spent) OVER w / 14 AS usual,
                leadInFrame(d, 1, {today:Date}) OVER (PARTITION BY source, account, campaign_id ORDER BY d ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS next
            FROM days WINDOW w AS (PARTITION BY source, account, campaign_id ORDER BY toInt32(d) RANGE BETWEEN 13 PRECEDING AND CURRENT ROW)
        )
        WHERE silent > 0 AND day >= {since:Date} AND days_before >= 13
    ),
    accounts_days AS (SELECT source, account, d, sum(spent) AS spent, uniqExact(campaign_id) AS campaigns FROM days GROUP BY source, account, d),
    of_all AS
    (
        SELECT e.source AS source, e.account AS account, e.day AS day, sumIf(a.spent, a.d < e.day AND a.d >= e.day - 14) / 14 AS usual, maxIf(a.campaigns, a.d = e.day) AS going_on
        FROM (SELECT DISTINCT source, account, day FROM ends) AS e INNER JOIN accounts_days AS a ON a.source = e.source AND a.account = e.account
        GROUP BY source, account, day
    ),
    coming AS
    (
        SELECT toString(city) AS city, maxIf(last_show_at, is_active) AS till, groupArray(last_show_at) AS shows FROM dim_events FINAL GROUP BY city
    ),
    silent AS
    (
        SELECT
            e.*,
            -- A show is to come in its city, and none was just played: then it is over, whatever its status. A campaign
            -- without a city may be for any.
            if(e.city = '', (SELECT max(till) FROM coming), c.till) >= toDateTime64(e.day + 3, 3, 'Europe/Moscow')
                AND NOT arrayExists(t -> t >= toDateTime64(e.day - 7, 3, 'Europe/Moscow') AND t < toDateTime64(e.day + 3, 3, 'Europe/Moscow'), if(e.city = '', (SELECT groupArray(last_show_at) FROM dim_events FINAL), c.shows))
                AND NOT has({quiet:Array(Date)}, e.day) AS is_due
        FROM ends AS e LEFT JOIN coming AS c ON c.city = e.city
    )
SELECT s.source AS source, s.account AS account, s.campaign_id AS campaign_id, s.day AS day, s.name AS campaign, round(s.usual) AS usual, round(s.usual * s.silent, 2) AS money, if(s.next < {today:Date}, s.next, NULL) AS back
FROM
(
    SELECT
        *, uniqExactIf(if(city = '', toString(campaign_id), city), silent >= 2 AND is_due) OVER w AS at_once,
        sumIf(usual, silent >= 2 AND is_due) OVER w AS usual_at_once, countIf(is_due) OVER w AS campaigns_at_once
    FROM silent WINDOW w AS (PARTITION BY source, account, day)
) AS s
INNER JOIN of_all AS a ON a.source = s.source AND a.account = s.account AND a.day = s.day
LEFT JOIN (SELECT source, account, campaign_id, toString(status) AS status, ends_on FROM dim_campaigns FINAL) AS k ON k.source = s.source AND k.account = s.account AND k.campaign_id = s.campaign_id
-- Days that no good run has read since they were over are for completeness_runs: each rule needs those that it is about.
INNER JOIN
(
    SELECT replaceOne(toString(job), '_loader', '') AS source, account, max(least(toDate(JSONExtractString(metrics, 'window', 'last')), toDate(started_at, 'Europe/Moscow') - 1)) AS read_till
    FROM meta_job_runs FINAL WHERE endsWith(job, '_loader') AND status = 'success' AND JSONHas(metrics, 'window') AND started_at >= toDateTime64({since:Date}, 3, 'Europe/Moscow')
    GROUP BY source, account
) AS r ON r.source = s.source AND r.account = s.account
WHERE k.status NOT IN ('paused', 'ended', 'deleted') AND s.day <= r.read_till AND coalesce(k.ends_on, s.day) >= s.day
    AND (
        (k.status = 'active' AND s.is_due AND s.silent >= 3 AND s.day + 2 <= r.read_till AND s.usual >= greatest({usual:Float64} / 2, {active:Float64} * a.usual))
        OR s.is_due AND (
            (a.going_on > 0 AND s.campaigns_at_once > {together:Float64} AND s.campaigns_at_once >= {most:Float64} * (a.going_on + s.campaigns_at_once))
            OR (s.silent >= 2 AND s.day + 1 <= r.read_till AND s.at_once >= {together:Float64} AND s.usual_at_once >= a.usual * {share:Float64})
            OR (s.silent >= 3 AND s.day + 2 <= r.read_till AND s.city != '' AND s.usual >= greatest({usual:Float64}, a.usual * {share:Float64})))
    )
ORDER BY money DESC, source, account, campaign_id, day
