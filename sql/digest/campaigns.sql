-- Campaigns that spent in these days, and what each brought and cost since it began: tickets may come long after the ads.
SELECT
    c.source            AS source,
    c.account           AS account,
    c.campaign_id       AS campaign_id,
    c.campaign_name     AS name,
    c.tickets_sold      AS tickets,
    CAST(c.net_revenue - c.spend_total AS Decimal(18, 2)) AS gain
FROM v_campaign_performance AS c
INNER JOIN
(
    SELECT toString(source) AS source, toString(account) AS account, campaign_id FROM v_ad_spend
    WHERE stat_date BETWEEN {first:Date} AND {last:Date} AND spend > 0
    GROUP BY source, account, campaign_id
) AS r ON r.source = c.source AND r.account = c.account AND r.campaign_id = c.campaign_id
ORDER BY gain DESC, source, account, name
SETTINGS join_use_nulls = 0
