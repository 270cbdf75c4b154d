-- title: Every day of the last 90 was read by a good run after it was over
-- ru: Каждый из последних 90 дней загружен целиком, уже после его окончания
-- why: A day that no run has read to its end is missing or half there, however its figures look
-- why_ru: День, который не дочитали до конца, пуст или половинчатый, как бы ни выглядели цифры
-- do: It is to be loaded again
-- do_ru: Нужна повторная загрузка
-- run: {load}
-- severity: fail
-- story: loads
-- key: source, account, day
-- days: 90
-- sources: qtickets, vk_ads, direct
-- says: {who}: not loaded to its end: {day}
-- says_ru: {who}: не загружено до конца: {day}

SELECT 'no good run has told yet which days it read' AS unjudged
FROM meta_job_runs FINAL
WHERE endsWith(job, '_loader') AND status = 'success' AND JSONHas(metrics, 'window')
    AND started_at >= toDateTime64({since:Date} - 90, 3, 'Europe/Moscow')
HAVING count() = 0;

-- Yesterday is left to good_run_by_ten: the run that reads it may be still to come. A day is read by runs after it; the
-- older ones tell that the account was there already.
WITH read AS
(
    SELECT
        replaceOne(job, '_loader', '') AS source,
        account,
        toDate(JSONExtractString(metrics, 'window', 'first')) AS first,
        least(toDate(JSONExtractString(metrics, 'window', 'last')), toDate(started_at, 'Europe/Moscow') - 1) AS last
    FROM meta_job_runs FINAL
    WHERE (replaceOne(job, '_loader', ''), account) IN {accounts:Array(Tuple(String, String))} AND status = 'success' AND JSONHas(metrics, 'window')
        AND started_at >= toDateTime64({since:Date} - 90, 3, 'Europe/Moscow')
)
SELECT source, account, day
FROM
(
    SELECT source, account, arrayJoin(arrayMap(n -> addDays(begins, n), range(toUInt32({today:Date} - 1 - begins)))) AS day
    FROM
    (
        SELECT source, account, greatest(min(first), {since:Date}) AS begins
        FROM read GROUP BY source, account HAVING begins < {today:Date} - 1
    )
)
WHERE (source, account, day) NOT IN
(
    SELECT source, account, arrayJoin(arrayMap(n -> addDays(begins, n), range(toUInt32(last - begins + 1)))) AS day
    FROM (SELECT source, account, greatest(first, {since:Date}) AS begins, last FROM read)
    WHERE last >= begins
)
ORDER BY day DESC, source, account
