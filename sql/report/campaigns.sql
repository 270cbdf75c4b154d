-- Each campaign over all loaded days, since its tickets may come long after its ads; and what it spent in these days, by
-- which the list is sorted: who spends now comes first. Campaign 0: tickets that fit none, see v_campaign_performance.
SELECT
    c.source            AS source,
    c.account           AS account,
    c.campaign_id       AS campaign_id,
    c.campaign_name     AS campaign_name,
    c.first_day         AS first_day,
    c.last_day          AS last_day,
    c.tickets_sold      AS tickets,
    c.net_revenue       AS net,
    c.spend_total       AS spend,
    r.recent            AS recent
FROM v_campaign_performance AS c
LEFT JOIN
(
    SELECT source, account, campaign_id, CAST(sum(spend) AS Decimal(18, 2)) AS recent
    FROM v_ad_spend WHERE stat_date BETWEEN {first:Date} AND {last:Date}
    GROUP BY source, account, campaign_id
) AS r ON r.source = c.source AND r.account = c.account AND r.campaign_id = c.campaign_id
WHERE c.source != 'other'
ORDER BY c.campaign_id = 0, recent DESC, spend DESC, source, account, campaign_id
SETTINGS join_use_nulls = 0
