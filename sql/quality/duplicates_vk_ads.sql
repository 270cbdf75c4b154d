-- title: No row of fact_vk_ads_daily stands twice
-- why: A SELECT without FINAL would count it twice
-- severity: fail
-- when: night
-- sources: vk_ads

-- `newest` changes when a load writes the rows again: what stays is no load's work in progress.
SELECT
    concat(toString((stat_date, account_id, campaign_id, ad_group_id, ad_id)), if(account = 'main', '', concat(' ', account)), ' stands ', toString(count()), ' times') AS what,
    count() - 1 AS surplus,
    max(_ver) AS newest,
    stat_date, account, account_id, campaign_id, ad_group_id, ad_id
FROM fact_vk_ads_daily
GROUP BY stat_date, account, account_id, campaign_id, ad_group_id, ad_id
HAVING count() > 1
ORDER BY stat_date, account, account_id, campaign_id, ad_group_id, ad_id
