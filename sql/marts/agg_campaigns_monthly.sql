-- What the ads of a campaign showed and cost, by month and tags: of five years some hundred thousand rows, where the
-- days of the ads are millions. The newest name in the month, the last by the alphabet where a day has two.
SELECT
    toStartOfMonth(stat_date)                            AS month,
    source,
    account,
    campaign_id,
    utm_campaign,
    utm_content,
    argMax(campaign_name, (stat_date, campaign_name))    AS campaign_name,
    min(stat_date)                                       AS first_day,
    max(stat_date)                                       AS last_day,
    sum(impressions)                                     AS impressions,
    sum(clicks)                                          AS clicks,
    sum(conversions)                                     AS conversions,
    CAST(sum(spend) AS Decimal(18, 2))                   AS spend_total
FROM v_ad_spend
GROUP BY month, source, account, campaign_id, utm_campaign, utm_content
