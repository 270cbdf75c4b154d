-- Which show each ad's day was for. v_tag_shows has the rules, and what the columns mean.
SELECT
    a.source        AS source,
    a.account       AS account,
    a.account_id    AS account_id,
    a.campaign_id   AS campaign_id,
    a.ad_group_id   AS ad_group_id,
    a.ad_id         AS ad_id,
    a.stat_date     AS stat_date,
    a.campaign_name AS campaign_name,
    a.impressions   AS impressions,
    a.clicks        AS clicks,
    a.spend         AS spend,
    t.event_account AS event_account,
    t.event_id      AS event_id,
    t.show_id       AS show_id,
    t.matched_by    AS matched_by,
    -- Not yet in the mart: a load is between the two.
    if(t.source = '', 'a load is under way', t.reason)      AS reason,
    if(t.source = '', 'загрузка ещё идёт', t.reason_ru)     AS reason_ru,
    a.tag_city      AS tag_city,
    a.tag_day       AS tag_day,
    a.tag_month     AS tag_month
FROM (SELECT * FROM v_ad_tags) AS a
LEFT JOIN (SELECT * EXCEPT (source), toString(source) AS source FROM v_tag_shows) AS t
    ON t.stat_date = a.stat_date AND t.source = a.source AND t.is_filed = a.is_filed AND t.tag_event_id = a.tag_event_id
    AND t.tag_show_id = a.tag_show_id AND t.tag_city = a.tag_city AND t.tag_day = a.tag_day AND t.tag_month = a.tag_month
-- DataLens asks with join_use_nulls = 1; the types of these columns must not depend on who asks.
SETTINGS join_use_nulls = 0
