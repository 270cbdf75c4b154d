-- title: The warehouse holds real data or made-up ones, never both
-- ru: В хранилище только настоящие данные или только учебные
-- why: Made-up sales are added to real ones
-- why_ru: Учебные продажи складываются с настоящими
-- do: Tell whoever runs Zakaz: the demo needs a warehouse of its own, and the rows of this account are to go
-- do_ru: Попросите администратора Zakaz удалить это подключение и всё загруженное через него
-- severity: fail
-- story: exact
-- key: source, account
-- days: 30
-- sources: qtickets, vk_ads, direct
-- says: {who} was loaded from the sandbox, others from {others}
-- says_ru: {who}: среди настоящих данных учебные: загружено из песочницы, остальное из {others}

WITH origins AS
(
    SELECT DISTINCT toString(source) AS source, toString(account) AS account, if(domain(address) IN ('127.0.0.1', 'localhost', '::1', '[::1]'), 'sandbox', domain(address)) AS origin
    FROM meta_accounts FINAL WHERE address != ''
    UNION DISTINCT
    SELECT DISTINCT replaceOne(job, '_loader', ''), account, JSONExtractString(metrics, 'origin') FROM meta_job_runs FINAL
    WHERE endsWith(job, '_loader') AND status = 'success' AND JSONHas(metrics, 'origin') AND started_at >= toDateTime64({since:Date}, 3, 'Europe/Moscow')
)
SELECT source, account, (SELECT arrayStringConcat(arraySort(groupUniqArray(origin)), ', ') FROM origins WHERE origin NOT IN ('sandbox', '')) AS others
FROM origins WHERE origin = 'sandbox' AND others != ''
GROUP BY source, account
ORDER BY source, account
