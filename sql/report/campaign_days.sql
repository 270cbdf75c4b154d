-- What each campaign spent in these days, and what the tickets with its tags brought that were sold in them; which ticket
-- belongs to which campaign is in v_tag_campaigns. Over all days these are the sums of v_campaign_performance. Campaign 0:
-- tickets that fit none.
WITH names AS
(
    SELECT toString(source) AS source, account, campaign_id, argMax(campaign_name, (last_day, campaign_name)) AS name
    FROM agg_campaigns_monthly FINAL GROUP BY source, account, campaign_id
)
SELECT
    s.source                                    AS source,
    s.account                                   AS account,
    s.campaign_id                               AS campaign_id,
    any(n.name)                                 AS campaign_name,
    CAST(sum(s.cost) AS Decimal(18, 2))         AS spend,
    sum(s.clicked)                              AS clicks,
    sum(s.sold)                                 AS tickets,
    CAST(sum(s.brought) AS Decimal(18, 2))      AS net
FROM
(
    SELECT
        source, toString(account) AS account, campaign_id, toDecimal128(spend, 2) AS cost, toUInt64(clicks) AS clicked,
        toUInt64(0) AS sold, toDecimal128(0, 2) AS brought
    FROM v_ad_spend WHERE stat_date BETWEEN {first:Date} AND {last:Date}
    UNION ALL
    SELECT
        t.source, (if(mapContains(c.by_content, t.utm_content), c.by_content[t.utm_content], c.otherwise) AS campaign).1, campaign.2, toDecimal128(0, 2),
        toUInt64(0), toUInt64(t.tickets_sold), toDecimal128(t.revenue - t.refunds_amount, 2)
    FROM (SELECT * FROM v_attributed_tickets WHERE d BETWEEN {first:Date} AND {last:Date} AND source != 'other') AS t
    LEFT JOIN (SELECT * FROM v_tag_campaigns) AS c ON c.source = t.source AND c.utm_campaign = t.utm_campaign
) AS s
LEFT JOIN names AS n ON n.source = s.source AND n.account = s.account AND n.campaign_id = s.campaign_id
GROUP BY source, account, campaign_id
HAVING spend != 0 OR clicks != 0 OR tickets != 0 OR net != 0
ORDER BY campaign_id = 0, spend DESC, net DESC, source, account, campaign_id
SETTINGS join_use_nulls = 0
