-- title: No ad of an account stands twice on a day
-- why: A login that changed its name, or a second way to the same API, counts its spend twice
-- severity: fail
-- when: night
-- sources: vk_ads, direct

-- Under two logins or campaigns; of two accounts of ours duplicates_accounts speaks.
SELECT
    concat(source, if(account = 'main', '', concat(' ', account)), ' ad ', toString(ad_id), ' stands ', toString(rows), ' times on ', toString(stat_date), ', accounts ', arrayStringConcat(ids, ', ')) AS what,
    source,
    account,
    ad_id,
    stat_date
FROM
(
    SELECT source, account, ad_id, stat_date, count() AS rows, arraySort(groupUniqArray(account_id)) AS ids
    FROM v_ad_spend WHERE ad_id != 0
    GROUP BY source, account, ad_id, stat_date HAVING rows > 1
)
ORDER BY stat_date, source, account, ad_id
