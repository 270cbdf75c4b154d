-- title: No row of fact_vk_ads_daily stands twice
-- why: A SELECT without FINAL would count it twice
-- severity: fail
-- sources: vk_ads

SELECT concat(job, ' is loading at this moment') AS unjudged FROM meta_job_runs FINAL
WHERE status = 'running' AND endsWith(job, '_loader') AND started_at > now() - toIntervalHour(1)
ORDER BY job LIMIT 1;

SELECT
    concat(toString(count() - 1), ' surplus rows of ', toString((stat_date, account_id, campaign_id, ad_group_id, ad_id))) AS what,
    count() - 1 AS surplus,
    stat_date, account_id, campaign_id, ad_group_id, ad_id
FROM fact_vk_ads_daily
GROUP BY stat_date, account_id, campaign_id, ad_group_id, ad_id
HAVING count() > 1
ORDER BY stat_date, account_id, campaign_id, ad_group_id, ad_id
