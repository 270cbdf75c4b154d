-- title: Each loader's newest run succeeded
-- ru: Последняя загрузка прошла без ошибки
-- why: Its data are as old as the last good run
-- why_ru: Данные не новее последней удачной загрузки
-- do: Send this to whoever runs Zakaz: the message says why; then the load is started again
-- do_ru: Перешлите администратору Zakaz: причина в сообщении, загрузку нужно повторить
-- run: zakaz load {source}
-- severity: warn
-- sources: qtickets, vk_ads, direct
-- story: loads
-- key: job, account
-- days: 30
-- says: {who}: the load failed at {finished} in Moscow, {failures} in a row: {words}
-- says_ru: {who}: загрузка не удалась {finished} по Москве, неудач подряд: {failures}, сообщение: {words}

SELECT replaceOne(job, '_loader', '') AS source, job, account, toDate(newest, 'Europe/Moscow') AS day, finished, failures, words
FROM
(
    SELECT
        toString(job) AS job, account, max(started_at) AS newest, argMax(status, started_at) AS last, argMax(finished_at, started_at) AS finished, argMax(message, started_at) AS words,
        maxIf(started_at, status = 'success') AS good, arrayCount(x -> x > good, groupArrayIf(started_at, status = 'failed')) AS failures
    FROM meta_job_runs FINAL
    WHERE (replaceOne(job, '_loader', ''), account) IN {accounts:Array(Tuple(String, String))} AND status != 'running'
        AND started_at >= toDateTime64({since:Date}, 3, 'Europe/Moscow')
    GROUP BY job, account
)
WHERE last = 'failed'
ORDER BY job, account
