-- title: The APIs send the columns that they sent before
-- ru: Источники присылают те же поля, что и раньше
-- why: A column that is new or gone changes figures before anybody reads the changelog
-- why_ru: Пропавшее или новое поле меняет цифры раньше, чем об этом напишут
-- do: Compare the figures of the newest day with the source, and send this to whoever runs Zakaz
-- do_ru: Сверьте цифры последнего дня с тем, что видно в самом источнике, и перешлите администратору Zakaz
-- severity: warn
-- story: loads
-- key: source, account, resource
-- days: 14
-- sources: qtickets, vk_ads, direct
-- says: {who} sends other columns of {resource} since {day}: {changes}
-- says_ru: {who}: с {day} приходят другие поля, цифры могли измениться ({resource}: {changes})

SELECT 'no job has two good runs that tell the columns they were sent' AS unjudged
FROM
(
    SELECT job FROM meta_job_runs FINAL
    WHERE endsWith(job, '_loader') AND status = 'success' AND JSONHas(metrics, 'columns')
        AND started_at >= toDateTime64({since:Date} - 30, 3, 'Europe/Moscow')
    GROUP BY job, account HAVING count() > 1
)
HAVING count() = 0;

-- What the newest good run was sent against the last one before `since`, or the first one after it: what changed stays
-- named until it is as it was, or accepted. A resource that only one of them read says nothing.
WITH
    runs AS
    (
        SELECT replaceOne(job, '_loader', '') AS source, account, started_at, metrics
        FROM meta_job_runs FINAL
        WHERE (replaceOne(job, '_loader', ''), account) IN {accounts:Array(Tuple(String, String))} AND status = 'success' AND JSONHas(metrics, 'columns')
            AND started_at >= toDateTime64({since:Date} - 30, 3, 'Europe/Moscow') AND started_at < toDateTime64({today:Date} + 1, 3, 'Europe/Moscow')
    ),
    sent AS
    (
        SELECT source, account, resource, names, started_at, started_at < toDateTime64({since:Date}, 3, 'Europe/Moscow') AS is_before
        FROM (SELECT *, JSONExtract(metrics, 'columns', 'Map(String, Array(String))') AS of_all FROM runs)
        ARRAY JOIN mapKeys(of_all) AS resource, mapValues(of_all) AS names
        WHERE notEmpty(names)
    ),
    ends AS
    (
        SELECT source, account, resource,
            argMax(names, started_at) AS newest,
            if(countIf(is_before) > 0, argMaxIf(names, started_at, is_before), argMin(names, started_at)) AS old
        FROM sent GROUP BY source, account, resource
    )
SELECT
    source,
    account,
    resource,
    toDate(min(s.started_at), 'Europe/Moscow') AS day,
    arrayStringConcat(arrayFilter(text -> text != '', [
        if(empty(any(e.came)), '', concat('+ ', arrayStringConcat(any(e.came), ', '))),
        if(empty(any(e.went)), '', concat('- ', arrayStringConcat(any(e.went), ', ')))
    ]), '; ') AS changes
FROM (SELECT source, account, resource, old, arraySort(arrayFilter(name -> NOT has(old, name), newest)) AS came, arraySort(arrayFilter(name -> NOT has(newest, name), old)) AS went FROM ends) AS e
INNER JOIN sent AS s ON s.source = e.source AND s.account = e.account AND s.resource = e.resource
WHERE (notEmpty(e.came) OR notEmpty(e.went)) AND NOT s.is_before AND arraySort(s.names) != arraySort(e.old)
GROUP BY source, account, resource
ORDER BY source, account, resource
