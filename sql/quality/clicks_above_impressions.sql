-- title: No ad has more clicks than impressions
-- why: Figures of two ads or days may be mixed up
-- severity: fail
-- when: night
-- sources: vk_ads, direct
-- param: late = 5

-- A few clicks may come after midnight, on the day after their impressions.
SELECT concat(source, if(account = 'main', '', concat(' ', account)), ' ad ', toString(ad_id), ' on ', toString(stat_date), ': ', toString(clicks), ' clicks of ', toString(impressions), ' impressions') AS what, source, account, ad_id, stat_date
FROM v_ad_spend
WHERE clicks > impressions + {late:Float64}
ORDER BY stat_date, source, account, ad_id
