-- title: No load warns of the same for days
-- ru: Загрузки не повторяют одно и то же предупреждение
-- why: What was to be mended by the next run is not: some rows or tags stay wrong
-- why_ru: То, что должна была исправить следующая загрузка, не исправлено: часть данных неверна
-- do: Send this to whoever runs Zakaz: the days that the warning names are loaded again
-- do_ru: Перешлите администратору Zakaz: дни из предупреждения нужно загрузить заново
-- run: zakaz runs
-- severity: warn
-- sources: qtickets, vk_ads, direct
-- story: loads
-- key: job, account, warning, day
-- days: 14
-- param: in_row = 3
-- says: {who}: days in a row {length}, up to {day}: {told}
-- says_ru: {who}: {length} дн. подряд (по {day}) загрузка с предупреждением: {told}

-- Alike but for their numbers. Told on the third day in a row; one that stood in most days of the month before is
-- how this account is.
WITH
    days AS
    (
        SELECT
            toString(job) AS job, account, toDate(started_at, 'Europe/Moscow') AS d,
            substring(replaceRegexpAll(words, '[0-9][0-9 .,:-]*', '# '), 1, 120) AS warning, any(words) AS told
        FROM meta_job_runs FINAL ARRAY JOIN JSONExtract(metrics, 'warnings', 'Array(String)') AS words
        WHERE (replaceOne(job, '_loader', ''), account) IN {accounts:Array(Tuple(String, String))} AND status = 'success'
            AND started_at >= toDateTime64({since:Date} - 34, 3, 'Europe/Moscow') AND started_at < toDateTime64({today:Date}, 3, 'Europe/Moscow')
        GROUP BY job, account, d, warning
    ),
    rows AS
    (
        SELECT *, count() OVER near AS length, count() OVER before AS earlier
        FROM days
        WINDOW near AS (PARTITION BY job, account, warning ORDER BY toInt32(d) RANGE BETWEEN 2 PRECEDING AND CURRENT ROW),
            before AS (PARTITION BY job, account, warning ORDER BY toInt32(d) RANGE BETWEEN 33 PRECEDING AND 3 PRECEDING)
    )
SELECT replaceOne(job, '_loader', '') AS source, job, account, warning, told, d AS day, length
FROM (SELECT *, max(length >= {in_row:Float64}) OVER (PARTITION BY job, account, warning ORDER BY toInt32(d) RANGE BETWEEN 14 PRECEDING AND 1 PRECEDING) AS went_on FROM rows)
WHERE d >= {since:Date} AND length >= {in_row:Float64} AND NOT went_on AND earlier < 15
ORDER BY job, account, day, warning
