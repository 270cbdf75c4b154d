-- title: Each source was loaded well lately
-- ru: Каждый источник недавно успешно загружался
-- why: Data can look fresh while its loader has stopped
-- why_ru: Цифры выглядят свежими, а новые уже не приходят
-- do: It takes one more load; if it fails, zakaz runs says why
-- do_ru: Нужна ещё одна загрузка; если она не удастся, перешлите это администратору Zakaz
-- run: zakaz load {source}
-- severity: fail
-- story: loads
-- key: source, account
-- sources: qtickets, vk_ads, direct
-- says: {who}: no good load[ since {good}], usually every {usual} hours
-- says_ru: {who}: не загружается[ с {good}], обычно раз в {usual} ч
-- param: hours = 24
-- param: days = 90

SELECT 'nothing was loaded yet' AS unjudged
FROM
(
    SELECT 1 FROM meta_accounts
    UNION ALL SELECT 1 FROM meta_job_runs WHERE endsWith(job, '_loader') AND started_at >= toDateTime64({today:Date} - toUInt32({days:Float64}), 3, 'Europe/Moscow')
        -- A first load that failed says nothing of freshness yet, and runs_failed says that it did.
        AND (status = 'success' OR started_at < toDateTime64({today:Date}, 3, 'Europe/Moscow') - toIntervalHour(toUInt32({hours:Float64})))
)
HAVING count() = 0;

-- Against the account's own gaps: who loads once a week by hand is not late on the second day. Counted from midnight,
-- so that a daily run may begin at any hour. A loader that never ended well is given as long from its first try; of an
-- account that was loaded once, the newest runs are read.
WITH
    toDateTime64({today:Date}, 3, 'Europe/Moscow') AS midnight,
    runs AS
    (
        SELECT
            replaceOne(job, '_loader', '') AS source,
            account,
            arraySort(groupArrayIf(toDateTime(assumeNotNull(finished_at)), status = 'success' AND finished_at IS NOT NULL)) AS ends,
            min(started_at) AS tried
        FROM meta_job_runs FINAL
        WHERE endsWith(job, '_loader') AND started_at >= midnight - toIntervalDay(toUInt32({days:Float64})) AND started_at < midnight + toIntervalDay(1)
        GROUP BY job, account
    )
SELECT source, account, good, usual
FROM
(
    SELECT
        source,
        account,
        if(empty(ends), NULL, toDateTime64(ends[-1], 0, 'Europe/Moscow')) AS good,
        if(length(ends) < 3, {hours:Float64}, greatest({hours:Float64}, round(arrayReduce('median', arrayPopFront(arrayDifference(arrayMap(at -> toUInt32(at), ends)))) / 3600))) AS usual,
        coalesce(good, toDateTime(tried)) AS latest
    FROM runs
    UNION ALL
    SELECT toString(source), toString(account), NULL, {hours:Float64}, toDateTime(0) FROM meta_accounts FINAL
    WHERE (source, account) NOT IN (SELECT source, account FROM runs)
)
WHERE latest < midnight - toIntervalSecond(toUInt32(usual * 3600)) AND (source, account) IN {accounts:Array(Tuple(String, String))}
ORDER BY source, account
