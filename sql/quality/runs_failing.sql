-- title: Few runs of a loader fail
-- ru: Загрузки редко заканчиваются ошибкой
-- why: A loader that fails every other time is about to stop, and its figures come late
-- why_ru: Загрузка, которая падает через раз, скоро остановится, а данные приходят поздно
-- do: Send this to whoever runs Zakaz: the failed runs say why, mostly the same
-- do_ru: Перешлите администратору Zakaz: причину называют сообщения неудачных загрузок
-- run: zakaz runs
-- severity: warn
-- sources: qtickets, vk_ads, direct
-- story: loads
-- key: job, account, day
-- days: 7
-- param: share = 0.3
-- param: failed = 4
-- says: {who}: {failed} of {runs} loads failed in the week up to {day}
-- says_ru: {who}: за неделю по {day} не удались загрузки: {failed} из {runs}

-- Over a day and over a week, on three days at least of the week: one bad night is told by runs_failed.
WITH
    days AS
    (
        SELECT toString(job) AS job, account, toDate(started_at, 'Europe/Moscow') AS d, countIf(status = 'failed') AS bad, count() AS n
        FROM meta_job_runs FINAL
        WHERE (replaceOne(job, '_loader', ''), account) IN {accounts:Array(Tuple(String, String))} AND status != 'running'
            AND started_at >= toDateTime64({since:Date} - 14, 3, 'Europe/Moscow') AND started_at < toDateTime64({today:Date}, 3, 'Europe/Moscow')
        GROUP BY job, account, d
    ),
    weeks AS
    (
        SELECT job, account, d, sum(bad) OVER w AS failed, sum(n) OVER w AS runs, sum(bad > 0) OVER w AS bad_days, failed >= {failed:Float64} AND failed >= {share:Float64} * runs AND bad_days >= 3 AS is_strange
        FROM days WINDOW w AS (PARTITION BY job, account ORDER BY toInt32(d) RANGE BETWEEN 6 PRECEDING AND CURRENT ROW)
    )
SELECT replaceOne(job, '_loader', '') AS source, job, account, d AS day, failed, runs
FROM (SELECT *, max(is_strange) OVER (PARTITION BY job, account ORDER BY toInt32(d) RANGE BETWEEN 7 PRECEDING AND 1 PRECEDING) AS went_on FROM weeks)
WHERE d >= {since:Date} AND is_strange AND NOT went_on
ORDER BY failed DESC, job, account, day
