-- title: Little spend is without a city
-- why: What has no city is missing from every city's ROMI
-- severity: warn
-- sources: vk_ads, direct
-- param: share = 0.5

SELECT concat(toString(round(share * 100)), ' % of the spend of ', source, ' has no city in its tags') AS what, source, share
FROM
(
    SELECT source, toFloat64(sumIf(spend, utm_city = '')) / nullIf(toFloat64(sum(spend)), 0) AS share
    FROM v_ad_spend WHERE stat_date >= {today:Date} - 30
    GROUP BY source
)
WHERE share > {share:Float64}
ORDER BY source
