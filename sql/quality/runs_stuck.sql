-- title: No run has been running for long
-- ru: Ни одна загрузка не зависла
-- why: It died without a word, or hangs
-- why_ru: Загрузка оборвалась без сообщения или зависла
-- do: Send this to whoever runs Zakaz: the run is cancelled in Prefect and started again
-- do_ru: Перешлите администратору Zakaz: загрузку нужно отменить в Prefect и запустить снова
-- run: zakaz load {source}
-- severity: warn
-- sources: qtickets, vk_ads, direct
-- story: loads
-- key: job, account, run_id
-- days: 90
-- param: hours = 6
-- says: {who}: {job} has been running since {started_at} in Moscow
-- says_ru: {who}: загрузка зависла, идёт с {started_at} по Москве

-- Whatever came later: a run that was killed may have left half of its work, and its row says so until it is closed.
WITH least(now64(3, 'UTC'), toDateTime64({today:Date} + 1, 3, 'Europe/Moscow')) AS at
SELECT replaceOne(job, '_loader', '') AS source, job, account, run_id, started_at, toDate(started_at, 'Europe/Moscow') AS day
FROM meta_job_runs FINAL
WHERE status = 'running' AND started_at < at - toIntervalHour(toUInt32({hours:Float64})) AND started_at >= toDateTime64({since:Date}, 3, 'Europe/Moscow')
    AND (NOT endsWith(job, '_loader') OR (replaceOne(job, '_loader', ''), account) IN {accounts:Array(Tuple(String, String))})
ORDER BY started_at, job, account
