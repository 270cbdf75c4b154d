-- title: What the newest good run loaded is in the table
-- ru: То, что принесла последняя загрузка, лежит в таблице
-- why: A table that was emptied or restored from a copy looks like days without sales or advertising
-- why_ru: Если таблицу очистили или вернули из старой копии, это похоже на дни без продаж и рекламы
-- do: The window is to be loaded again
-- do_ru: Нужна повторная загрузка этих дней
-- run: zakaz load {source} --refresh
-- severity: fail
-- story: loads
-- key: source, account
-- sources: qtickets, vk_ads, direct
-- says: {who}: of {loaded} rows that were loaded for {first} to {last} only {held} are left
-- says_ru: {who}: загруженное за {first} – {last} пропало: осталось строк {held} из {loaded}
-- param: share = 0.95
-- param: days = 7

-- Needs no memory of days: a run tells how many rows it left. Rows that it did not see to their end, and rows that
-- moved into or out of its window since, are within the share.
WITH
    newest AS
    (
        SELECT
            replaceOne(job, '_loader', '') AS source,
            account,
            argMax(metrics, started_at) AS told,
            argMax(status, started_at) AS ended,
            toDate(JSONExtractString(told, 'window', 'first')) AS first,
            toDate(JSONExtractString(told, 'window', 'last')) AS last,
            JSONExtract(told, 'tables', if(source = 'qtickets', 'stg_qtickets_tickets', concat('fact_', source, '_daily')), 'Map(String, Int64)') AS rows,
            rows['new'] + rows['changed'] + rows['unchanged'] AS loaded
        FROM meta_job_runs FINAL
        WHERE (replaceOne(job, '_loader', ''), account) IN {accounts:Array(Tuple(String, String))}
            AND started_at >= toDateTime64({today:Date} - toUInt32({days:Float64}), 3, 'Europe/Moscow') AND started_at < toDateTime64({today:Date} + 1, 3, 'Europe/Moscow')
        GROUP BY job, account
        HAVING ended = 'success' AND loaded > 0 AND NOT JSONExtractBool(told, 'partial')
    ),
    {today:Date} - 60 AS oldest,
    held AS
    (
        SELECT 'qtickets' AS source, account, toDate(booked_at, 'Europe/Moscow') AS day, count() AS rows
        FROM stg_qtickets_tickets FINAL WHERE booked_at >= toDateTime64(oldest, 3, 'Europe/Moscow') GROUP BY account, day
        UNION ALL SELECT source, account, stat_date, count() FROM v_ad_days WHERE stat_date >= oldest GROUP BY source, account, stat_date
    )
SELECT n.source AS source, n.account AS account, any(n.first) AS first, any(n.last) AS last, any(n.loaded) AS loaded, sumIf(h.rows, h.day >= n.first AND h.day <= n.last) AS held
FROM newest AS n LEFT JOIN held AS h ON h.source = n.source AND h.account = n.account
WHERE n.first >= oldest
GROUP BY source, account
HAVING held < loaded * {share:Float64}
ORDER BY source, account
