-- What loads left of each day's advertising, by campaign, as the source gives it.
-- when: load
-- sources: vk_ads, direct
SELECT
    source,
    account,
    toString(campaign_id) AS thing,
    stat_date AS day,
    map(
        'spent', toDecimal64(sum(spent), 2), 'impressions', toDecimal64(sum(impressions), 2),
        'clicks', toDecimal64(sum(clicks), 2), 'conversions', toDecimal64(sum(conversions), 2), 'ads', toDecimal64(count(), 2)
    ) AS figures,
    CAST(map(), 'Map(String, String)') AS words
FROM v_ad_days
WHERE source = {source:String} AND account = {account:String} AND (empty({days:Array(Date)}) OR stat_date IN {days:Array(Date)})
GROUP BY source, account, campaign_id, stat_date
