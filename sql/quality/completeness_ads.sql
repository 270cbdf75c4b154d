-- title: No day is without advertising while campaigns run
-- ru: Нет дней без рекламы, пока кампании работают
-- why: A day that the source did not give looks like a day without advertising
-- why_ru: Если источник не отдал день, он выглядит как день без рекламы
-- do: Look into the ad account: were the ads shown on that day? If so, load the day again with --refresh
-- do_ru: Проверьте в кабинете, были ли показы в этот день; если были, перезагрузите день (--refresh)
-- severity: warn
-- story: loads
-- key: source, account, day
-- days: 14
-- sources: vk_ads, direct
-- says: {who}: nothing on {day}, usually {money} a day, and campaigns are active
-- says_ru: {who}: {day} нет расходов, обычно {money} в день, а кампании включены
-- param: before = 14
-- param: ads = 3
-- param: small = 1000
-- param: lately = 3

-- Silence is no alarm where it is proved: the account's own total of the day is there (totals_ads compares it), the
-- campaigns are paused or over, no good run has read the day (completeness_runs), it is New Year. What campaigns are is
-- known of today only, so that a day is judged while it is new; what was found then stays until the day has rows.
WITH
    days AS
    (
        SELECT source, account, stat_date AS day, count() AS ads, toFloat64(sum(spend)) AS cost
        FROM v_ad_spend WHERE stat_date >= {since:Date} - toUInt32({before:Float64}) AND stat_date < {today:Date}
            AND (source, account) IN {accounts:Array(Tuple(String, String))}
        GROUP BY source, account, day
    ),
    silent AS
    (
        SELECT source, account, day, concat(source, '/', account, '/', toString(day)) AS key
        FROM (SELECT DISTINCT source, toString(account) AS account FROM days) AS who
        CROSS JOIN (SELECT {since:Date} + number AS day FROM numbers(toUInt32({today:Date} - {since:Date}))) AS calendar
        WHERE (source, account, day) NOT IN (SELECT source, account, day FROM days)
            AND (source, account, day) NOT IN (SELECT source, account, stat_date FROM meta_ad_totals FINAL WHERE stat_date >= {since:Date})
            AND NOT ((toMonth(day) = 12 AND toDayOfMonth(day) >= 30) OR (toMonth(day) = 1 AND toDayOfMonth(day) <= 9))
    ),
    usual AS
    (
        SELECT s.source AS source, s.account AS account, s.day AS day, any(s.key) AS key, round(median(d.cost)) AS money
        FROM silent AS s INNER JOIN days AS d ON d.source = s.source AND d.account = s.account
        WHERE d.day < s.day AND d.day >= s.day - toUInt32({before:Float64})
        GROUP BY source, account, day
        HAVING countIf(d.ads >= {ads:Float64}) = {before:Float64} AND money >= {small:Float64}
    ),
    read AS
    (
        SELECT replaceOne(job, '_loader', '') AS source, account, toDate(JSONExtractString(metrics, 'window', 'first')) AS first,
            least(toDate(JSONExtractString(metrics, 'window', 'last')), toDate(started_at, 'Europe/Moscow') - 1) AS last
        FROM meta_job_runs FINAL
        WHERE endsWith(job, '_loader') AND status = 'success' AND started_at >= toDateTime64({since:Date}, 3, 'Europe/Moscow')
    ),
    -- Of the campaigns of the three days before: what part of their spend goes on by what the source says of them.
    running AS
    (
        SELECT u.source AS source, u.account AS account, u.day AS day,
            sumIf(toFloat64(f.spend), c.status = 'active' AND coalesce(c.starts_on, u.day) <= u.day AND coalesce(c.ends_on, u.day) >= u.day) AS active,
            sum(toFloat64(f.spend)) AS total
        FROM usual AS u
        INNER JOIN (SELECT * FROM v_ad_spend WHERE stat_date >= {since:Date} - 3) AS f ON f.source = u.source AND f.account = u.account
        LEFT JOIN (SELECT * FROM dim_campaigns FINAL) AS c ON c.source = f.source AND c.account = f.account AND c.campaign_id = f.campaign_id
        WHERE f.stat_date < u.day AND f.stat_date >= u.day - 3
        GROUP BY source, account, day
        HAVING active * 2 >= total
    )
SELECT source, account, day, money
FROM usual
WHERE (source, account, day) IN (SELECT u.source, u.account, u.day FROM usual AS u INNER JOIN read AS r ON r.source = u.source AND r.account = u.account WHERE r.first <= u.day AND r.last >= u.day)
    AND (has({open:Array(String)}, key) OR (day >= {today:Date} - toUInt32({lately:Float64}) AND (source, account, day) IN (SELECT source, account, day FROM running)))
ORDER BY day DESC, source, account
