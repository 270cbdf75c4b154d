-- title: By ten in the morning each source has read yesterday
-- ru: К десяти утра каждый источник прочитал вчерашний день
-- why: Budgets are set in the morning, by figures up to yesterday
-- why_ru: Бюджеты правят утром по вчерашним цифрам
-- do: Change no budgets by this day before it is loaded
-- do_ru: Пока день не загружен, не меняйте бюджеты по его данным
-- run: zakaz load {source}
-- severity: fail
-- sources: qtickets, vk_ads, direct
-- story: loads
-- key: job, account, day
-- days: 1
-- param: hour = 10
-- says: {who}: {day} has not been read since it was over
-- says_ru: {who}: {day} загружен не до конца

SELECT 'nothing was loaded well in a week' AS unjudged
FROM meta_job_runs FINAL
WHERE endsWith(job, '_loader') AND status = 'success' AND started_at >= toDateTime64({today:Date} - 7, 3, 'Europe/Moscow')
HAVING count() = 0;

-- Of an account that has not been read for a week freshness_runs speaks; of days before yesterday, unless they are
-- open here, completeness_runs.
WITH
    read AS
    (
        SELECT
            toString(job) AS job, account, toDate(started_at, 'Europe/Moscow') AS on_day,
            toDate(JSONExtractString(metrics, 'window', 'first')) AS first, toDate(JSONExtractString(metrics, 'window', 'last')) AS last
        FROM meta_job_runs FINAL
        WHERE (replaceOne(job, '_loader', ''), account) IN {accounts:Array(Tuple(String, String))} AND status = 'success'
            AND started_at >= toDateTime64({since:Date} - 7, 3, 'Europe/Moscow') AND started_at < toDateTime64({today:Date} + 1, 3, 'Europe/Moscow')
    ),
    due AS
    (
        SELECT job, account, arrayJoin(arrayMap(i -> {today:Date} - 1 - i, range(toUInt32({today:Date} - {since:Date})))) AS day
        FROM (SELECT DISTINCT job, account FROM read)
    )
SELECT replaceOne(job, '_loader', '') AS source, job, account, day
FROM due
WHERE (day < {today:Date} - 1 AND has({open:Array(String)}, concat(job, '/', account, '/', toString(day)))
        OR day = {today:Date} - 1 AND now64(3) >= toDateTime64({today:Date}, 3, 'Europe/Moscow') + toIntervalHour(toUInt32({hour:Float64})))
    AND (job, account, day) NOT IN
    (
        SELECT d.job, d.account, d.day FROM due AS d INNER JOIN read AS r ON r.job = d.job AND r.account = d.account
        WHERE r.on_day > d.day AND r.first <= d.day AND r.last >= d.day
    )
ORDER BY job, account, day
