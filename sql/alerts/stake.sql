-- Of an account whose load failed: when it was loaded well the last time, and what it spends or sells on a day of the week
-- before, in the report's currency. Empty where nobody knows.
SELECT
    (SELECT maxOrNull(finished_at) FROM meta_job_runs FINAL WHERE job = concat({source:String}, '_loader') AND account = {account:String} AND status = 'success') AS loaded_at,
    (
        SELECT CAST(sum(spend) / 7 AS Decimal(18, 2)) FROM v_ad_spend
        WHERE source = {source:String} AND account = {account:String} AND stat_date BETWEEN {today:Date} - 7 AND {today:Date} - 1
    ) AS spend,
    (
        SELECT CAST((sum(revenue) - sum(refunds_amount)) / 7 AS Decimal(18, 2)) FROM v_attributed_tickets
        WHERE {source:String} = 'qtickets' AND account = {account:String} AND d BETWEEN {today:Date} - 7 AND {today:Date} - 1
    ) AS sales,
    (SELECT any(currency) FROM dim_report FINAL) AS currency
