-- title: No ad cost money without being shown
-- why: Spend of another ad or day, or a figure that did not come
-- severity: warn
-- when: night
-- sources: vk_ads, direct
-- param: small = 100

-- A click after midnight costs money on a day without impressions, but not much.
SELECT concat(source, if(account = 'main', '', concat(' ', account)), ' ad ', toString(ad_id), ' on ', toString(stat_date), ' cost ', toString(spend), ' and was not shown') AS what, source, account, ad_id, stat_date
FROM v_ad_spend
WHERE spend > {small:Float64} AND impressions = 0
ORDER BY stat_date, source, account, ad_id
