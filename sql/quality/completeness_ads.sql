-- title: No day is without advertising while campaigns run
-- ru: Нет дней без рекламы, пока кампании работают
-- why: A day that the source did not give looks like a day without advertising
-- why_ru: Если источник не отдал день, он выглядит как день без рекламы
-- do: Look into the cabinet: were the ads shown on that day? If so, the day is to be loaded again
-- do_ru: Посмотрите в кабинете, были ли показы в этот день; если были, нужна повторная загрузка дня
-- run: {load}
-- severity: warn
-- story: loads
-- key: source, account, day
-- days: 14
-- sources: vk_ads, direct
-- says: {who}: nothing on {day}, usually {money} ₽ a day, and campaigns are active
-- says_ru: {who}: нет расхода за {day}, обычно {money} ₽ в день, а кампании включены
-- param: before = 14
-- param: ads = 3
-- param: small = 1000
-- param: lately = 3

-- Silence is no alarm where it is proved: the account's own total of the day is there, or that of the day before, which
-- the same load read, so that nothing is what the source says (totals_ads compares them); the campaigns are paused or
-- over; no good run has read the day (completeness_runs); it is a public holiday. What campaigns are is
-- known of today only, so that a day is judged while it is new; what was found then stays until the day has rows.
WITH
    days AS
    (
        SELECT source, account, day, sum(n) AS ads, sum(cost) AS cost, groupArray((campaign_id, f.cost)) AS campaigns
        FROM
        (
            SELECT source, account, stat_date AS day, campaign_id, count() AS n, toFloat64(sum(spent)) AS cost
            FROM v_ad_days WHERE stat_date >= {since:Date} - toUInt32({before:Float64}) AND stat_date < {today:Date} GROUP BY source, account, day, campaign_id
        ) AS f
        WHERE (source, account) IN {accounts:Array(Tuple(String, String))}
        GROUP BY source, account, day
    ),
    accounts AS
    (
        SELECT source, account, groupArray((day, ads, cost, campaigns)) AS had, arrayFilter(d -> NOT arrayExists(h -> h.1 = d, had), arrayMap(n -> {since:Date} + n, range(toUInt32({today:Date} - {since:Date})))) AS silent
        FROM days GROUP BY source, account
    ),
    totals AS (SELECT source, account, groupArray(stat_date) AS told FROM meta_ad_totals FINAL WHERE stat_date >= {since:Date} GROUP BY source, account),
    reads AS
    (
        SELECT replaceOne(job, '_loader', '') AS source, account,
            groupArray((toDate(JSONExtractString(metrics, 'window', 'first')), least(toDate(JSONExtractString(metrics, 'window', 'last')), toDate(started_at, 'Europe/Moscow') - 1))) AS windows
        FROM meta_job_runs FINAL
        WHERE endsWith(job, '_loader') AND status = 'success' AND JSONHas(metrics, 'window') AND started_at >= toDateTime64({since:Date}, 3, 'Europe/Moscow')
        GROUP BY source, account
    ),
    running AS
    (
        SELECT source, account, groupArray((campaign_id, coalesce(starts_on, toDate(0)), coalesce(ends_on, toDate(65535)))) AS active
        FROM dim_campaigns FINAL WHERE status = 'active' GROUP BY source, account
    )
SELECT source, account, day, money
FROM
(
    SELECT
        a.source AS source, a.account AS account, silent_day AS day, concat(source, '/', account, '/', toString(day)) AS key,
        arrayFilter(h -> h.1 < day AND h.1 >= day - toUInt32({before:Float64}), a.had) AS before,
        round(arrayReduce('median', arrayMap(h -> h.3, before))) AS money,
        -- Of the campaigns of the three days before: what part of their spend goes on by what the source says of them.
        arrayFlatten(arrayMap(h -> h.4, arrayFilter(h -> h.1 >= day - 3, before))) AS lately,
        arraySum(c -> c.2, arrayFilter(c -> arrayExists(r -> r.1 = c.1 AND r.2 <= day AND r.3 >= day, c_.active), lately)) AS goes_on
    FROM accounts AS a
    LEFT JOIN totals AS t ON t.source = a.source AND t.account = a.account
    LEFT JOIN reads AS r ON r.source = a.source AND r.account = a.account
    LEFT JOIN running AS c_ ON c_.source = a.source AND c_.account = a.account
    ARRAY JOIN a.silent AS silent_day
    WHERE NOT hasAny(t.told, [silent_day, silent_day - 1]) AND arrayExists(w -> w.1 <= silent_day AND w.2 >= silent_day, r.windows)
        AND NOT has({quiet:Array(Date)}, silent_day)
)
WHERE arrayCount(h -> h.2 >= {ads:Float64}, before) = {before:Float64} AND money >= {small:Float64}
    AND (has({open:Array(String)}, key) OR (day >= {today:Date} - toUInt32({lately:Float64}) AND goes_on * 2 >= arraySum(c -> c.2, lately)))
ORDER BY day DESC, source, account
