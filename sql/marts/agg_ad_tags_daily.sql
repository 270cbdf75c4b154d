-- Spend by day and what ads say they are for. Which show that is, v_tag_shows works out from few rows whenever it is asked:
-- a show that moves, or is added, changes none of these.
SELECT
    stat_date, source, is_filed, tag_event_id, tag_show_id, tag_city, tag_day, tag_month, CAST(sum(spend) AS Decimal(18, 2)) AS spend
FROM v_ad_tags
GROUP BY stat_date, source, is_filed, tag_event_id, tag_show_id, tag_city, tag_day, tag_month
