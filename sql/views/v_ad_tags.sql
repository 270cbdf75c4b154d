-- Each ad's day with what says which show it was for: the event and show of the promoter's file, else the event in the ad's link, else city
-- and date of its tags. Where these lead to is in v_tag_shows.
WITH
    -- The ad's own line of the file before that of its campaign.
    arrayFirst(x -> x.1 = a.ad_id OR x.1 = 0, f.lines) AS line
SELECT
    a.source                                            AS source,
    a.account                                           AS account,
    a.account_id                                        AS account_id,
    a.campaign_id                                       AS campaign_id,
    a.ad_group_id                                       AS ad_group_id,
    a.ad_id                                             AS ad_id,
    a.stat_date                                         AS stat_date,
    a.campaign_name                                     AS campaign_name,
    a.impressions                                       AS impressions,
    a.clicks                                            AS clicks,
    a.spend                                             AS spend,
    toUInt8(line.2 != 0)                                AS is_filed,
    if(line.2 != 0, line.2, a.link_event_id)            AS tag_event_id,
    line.3                                              AS tag_show_id,
    -- One spelling of what means the same: few are matched then.
    if(tag_event_id != 0, '', toString(a.utm_city))     AS tag_city,
    if(line.2 != 0 OR a.utm_month = 0, 0, a.utm_day)    AS tag_day,
    if(line.2 != 0 OR a.utm_day = 0, 0, a.utm_month)    AS tag_month
FROM (SELECT * FROM v_ad_spend) AS a
LEFT JOIN
(
    SELECT toString(source) AS source, campaign_id, arrayReverseSort(groupArray((ad_id, event_id, show_id))) AS lines
    FROM dim_ad_shows FINAL GROUP BY source, campaign_id
) AS f ON f.source = a.source AND f.campaign_id = a.campaign_id
SETTINGS join_use_nulls = 0
