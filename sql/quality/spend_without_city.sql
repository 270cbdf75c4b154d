-- title: Most spend has a city, and no less of it than before
-- why: What has no city is missing from every city's ROMI
-- severity: warn
-- sources: vk_ads, direct
-- param: share = 0.8
-- param: days = 3
-- param: rise = 0.3
-- param: small = 1000

SELECT 'too little spend lately for a share of it to mean something' AS unjudged
FROM v_ad_spend WHERE stat_date >= {today:Date} - 30 AND stat_date < {today:Date}
HAVING sum(spend) < {small:Float64};

-- Much of a month, or much more in the last days than before.
SELECT concat(toString(round(if(now_share > before + {rise:Float64}, now_share, share) * 100)), ' % of the spend of ', source, if(account = 'main', '', concat(' ', account)), if(now_share > before + {rise:Float64}, concat(' since ', toString({today:Date} - toUInt32({days:Float64}))), ' of 30 days'), ' has no city in its tags') AS what, source, account, share, now_share
FROM
(
    SELECT
        source,
        account,
        toFloat64(sum(spend)) AS total,
        toFloat64(sumIf(spend, stat_date >= {today:Date} - toUInt32({days:Float64}))) AS newest,
        toFloat64(sumIf(spend, utm_city = '')) / nullIf(total, 0) AS share,
        toFloat64(sumIf(spend, utm_city = '' AND stat_date >= {today:Date} - toUInt32({days:Float64}))) / nullIf(newest, 0) AS now_share,
        toFloat64(sumIf(spend, utm_city = '' AND stat_date < {today:Date} - toUInt32({days:Float64}))) / nullIf(total - newest, 0) AS before
    FROM v_ad_spend WHERE stat_date >= {today:Date} - 30 AND stat_date < {today:Date}
    GROUP BY source, account
)
WHERE (share > {share:Float64} AND total >= {small:Float64})
    OR (now_share > before + {rise:Float64} AND newest >= {small:Float64})
ORDER BY source, account
