-- title: A campaign that ran day after day did not fall silent yesterday
-- why: A declined card or a rejected ad costs sales before anybody sees it
-- severity: warn
-- sources: vk_ads, direct
-- param: usual = 1000

SELECT concat(source, ' campaign ', any(campaign_name), ' (', toString(campaign_id), ') spent nothing since ', toString(last + 1)) AS what, source, campaign_id
FROM
(
    SELECT source, campaign_id, argMax(campaign_name, stat_date) AS campaign_name, max(stat_date) AS last,
        uniqExactIf(stat_date, stat_date >= {today:Date} - 16 AND stat_date < {today:Date} - 2) AS days,
        sumIf(spend, stat_date >= {today:Date} - 16) / 14 AS usual
    FROM v_ad_spend
    WHERE spend > 0
    GROUP BY source, campaign_id
)
WHERE last = {today:Date} - 3 AND days = 14 AND usual >= {usual:Float64}
GROUP BY source, campaign_id, last
ORDER BY source, campaign_id
