-- title: The APIs send the columns that they sent before
-- why: A column that is new or gone changes figures before anybody reads the changelog
-- severity: warn
-- sources: qtickets, vk_ads, direct
-- param: days = 30

SELECT 'no job has two good runs that tell the columns they were sent' AS unjudged
FROM
(
    SELECT job FROM meta_job_runs FINAL
    WHERE endsWith(job, '_loader') AND status = 'success' AND JSONHas(metrics, 'columns')
        AND started_at >= toDateTime64({today:Date} - toUInt32({days:Float64}), 3, 'Europe/Moscow')
    GROUP BY job, account HAVING count() > 1
)
HAVING count() = 0;

-- The newest good run of an account against the one before; a resource that only one of them read says nothing.
WITH
    runs AS
    (
        SELECT
            job,
            account,
            started_at,
            JSONExtract(metrics, 'columns', 'Map(String, Array(String))') AS now_sent,
            row_number() OVER (PARTITION BY job, account ORDER BY started_at DESC) AS age
        FROM meta_job_runs FINAL
        WHERE (replaceOne(job, '_loader', ''), account) IN {accounts:Array(Tuple(String, String))} AND status = 'success' AND JSONHas(metrics, 'columns')
            AND started_at >= toDateTime64({today:Date} - toUInt32({days:Float64}), 3, 'Europe/Moscow')
    ),
    sent AS (SELECT job, account, age, resource, names FROM runs ARRAY JOIN mapKeys(now_sent) AS resource, mapValues(now_sent) AS names WHERE age <= 2)
SELECT
    concat(job, if(account = 'main', '', concat(' ', account)), ' ', resource, ': ', arrayStringConcat(arrayFilter(text -> text != '', [
        if(empty(came), '', concat('new ', arrayStringConcat(came, ', '))),
        if(empty(went), '', concat('gone ', arrayStringConcat(went, ', ')))
    ]), '; ')) AS what,
    job,
    account,
    resource,
    came,
    went
FROM
(
    SELECT
        n.job AS job,
        n.account AS account,
        n.resource AS resource,
        arraySort(arrayFilter(name -> NOT has(o.names, name), n.names)) AS came,
        arraySort(arrayFilter(name -> NOT has(n.names, name), o.names)) AS went
    FROM (SELECT * FROM sent WHERE age = 1) AS n
    INNER JOIN (SELECT * FROM sent WHERE age = 2) AS o ON o.job = n.job AND o.account = n.account AND o.resource = n.resource
    WHERE notEmpty(n.names) AND notEmpty(o.names)
)
WHERE notEmpty(came) OR notEmpty(went)
ORDER BY job, account, resource
