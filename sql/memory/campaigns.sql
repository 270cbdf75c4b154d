-- The tags of campaigns that spent lately.
-- when: check
-- sources: vk_ads, direct
SELECT
    source,
    account,
    toString(campaign_id) AS thing,
    toDate('1970-01-01') AS day,
    CAST(map(), 'Map(String, Decimal(18, 2))') AS figures,
    map(
        'utm_source', arrayStringConcat(arraySort(groupUniqArray(20)(utm_source)), ' '),
        'utm_campaign', arrayStringConcat(arraySort(groupUniqArray(20)(utm_campaign)), ' '),
        'utm_city', arrayStringConcat(arraySort(groupUniqArray(20)(toString(utm_city))), ' ')
    ) AS words
FROM
(
    SELECT *, max(stat_date) OVER (PARTITION BY source, account, campaign_id) AS newest
    FROM v_ad_days
    WHERE stat_date >= {today:Date} - 14 AND spent > 0
)
WHERE stat_date = newest
GROUP BY source, account, campaign_id
