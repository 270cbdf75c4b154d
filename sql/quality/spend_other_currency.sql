-- title: All spend is in the report's currency
-- why: Spend in another one is in no view, so that ROMI looks better than it is
-- severity: warn
-- sources: vk_ads, direct
-- param: days = 30

-- One account is enough: unlike a ticket from abroad, it has all of its spend in that currency. Its currency empty:
-- the source did not tell it, and it is taken for the report's.
SELECT
    concat(source, if(account = 'main', '', concat(' ', account)), ' account ', account_id, ' spent ', toString(spent_there), ' ', currency, ' since ', toString(first), ', which is in no view') AS what,
    source,
    account,
    account_id,
    currency,
    spent_there,
    first
FROM
(
    SELECT source, account, account_id, toString(currency) AS currency, sum(spent) AS spent_there, min(stat_date) AS first
    FROM
    (
        SELECT 'vk_ads' AS source, account, account_id, currency, spent, stat_date FROM fact_vk_ads_daily FINAL
        UNION ALL SELECT 'direct', account, account_id, currency, spent, stat_date FROM fact_direct_daily FINAL
    )
    WHERE stat_date >= {today:Date} - toUInt32({days:Float64}) AND currency != ''
    GROUP BY source, account, account_id, currency
)
WHERE spent_there > 0 AND currency NOT IN (SELECT currency FROM dim_report FINAL)
ORDER BY source, account, account_id, currency
