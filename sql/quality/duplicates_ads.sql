-- title: No ad stands twice on a day under two accounts or campaigns
-- why: An account that changed its name, or a second way to the same API, counts its spend twice
-- severity: fail
-- sources: vk_ads, direct

SELECT
    concat(source, ' ad ', toString(ad_id), ' stands ', toString(rows), ' times on ', toString(stat_date), ', accounts ', arrayStringConcat(accounts, ', ')) AS what,
    source,
    ad_id,
    stat_date
FROM
(
    SELECT source, ad_id, stat_date, count() AS rows, arraySort(groupUniqArray(account_id)) AS accounts
    FROM v_ad_spend WHERE ad_id != 0
    GROUP BY source, ad_id, stat_date HAVING rows > 1
)
ORDER BY stat_date, source, ad_id
