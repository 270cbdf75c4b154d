-- title: Each source has data up to the day it should
-- why: Budgets are set by days that are not there
-- severity: fail
-- sources: qtickets, vk_ads, direct
-- param: lag_qtickets = 1
-- param: lag_vk_ads = 2
-- param: lag_direct = 2
-- param: tickets = 10
-- param: ads = 3
-- param: ended = 30

SELECT 'no data yet' AS unjudged
FROM
(
    SELECT 1 FROM (SELECT 1 FROM stg_qtickets_sales_raw LIMIT 1)
    UNION ALL SELECT 1 FROM (SELECT 1 FROM fact_vk_ads_daily LIMIT 1)
    UNION ALL SELECT 1 FROM (SELECT 1 FROM fact_direct_daily LIMIT 1)
)
HAVING count() = 0;

-- Only an account that had something every day: few tickets, or two ads, may end for good. What ended long ago is no
-- longer used, or its loader stopped, which is for freshness_runs to say.
WITH
    {today:Date} - toUInt32({ended:Float64}) - 7 AS since,
    days AS
    (
        SELECT 'qtickets' AS source, account, event_date AS day, sum(tickets_sold) AS things
        FROM stg_qtickets_sales_raw FINAL WHERE event_date >= since GROUP BY account, day
        UNION ALL SELECT 'vk_ads', account, stat_date, count() FROM fact_vk_ads_daily FINAL WHERE stat_date >= since GROUP BY account, stat_date
        UNION ALL SELECT 'direct', account, stat_date, count() FROM fact_direct_daily FINAL WHERE stat_date >= since GROUP BY account, stat_date
    ),
    newest AS
    (
        SELECT source, account, max(day) AS latest FROM days
        WHERE day <= {today:Date} AND (source, account) IN {accounts:Array(Tuple(String, String))}
        GROUP BY source, account
    )
SELECT
    concat(source, if(account = 'main', '', concat(' ', account)), ' ends on ', toString(latest), ', ', toString({today:Date} - latest), ' days ago') AS what,
    source,
    account,
    latest
FROM
(
    SELECT n.source AS source, n.account AS account, n.latest AS latest, sum(d.things) / 7 AS usual
    FROM newest AS n INNER JOIN days AS d ON d.source = n.source AND d.account = n.account
    WHERE d.day <= n.latest AND d.day > n.latest - 7
    GROUP BY source, account, latest
)
WHERE {today:Date} - latest > transform(source, ['qtickets', 'vk_ads', 'direct'], [{lag_qtickets:Float64}, {lag_vk_ads:Float64}, {lag_direct:Float64}], 2.)
    AND {today:Date} - latest <= {ended:Float64}
    AND usual >= if(source = 'qtickets', {tickets:Float64}, {ads:Float64})
ORDER BY source, account
