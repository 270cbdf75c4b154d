-- What each campaign spent in these days, and what the tickets with its tags brought that were sold in them; a ticket belongs to
-- a campaign as in v_campaign_performance, whose sums these are over all days. Campaign 0: tickets that fit none.
WITH
    ads AS
    (
        SELECT
            toString(source) AS source, account, campaign_id, utm_campaign, utm_content, argMax(campaign_name, (last_day, campaign_name)) AS name,
            max(last_day) AS till
        FROM agg_campaigns_monthly FINAL
        GROUP BY source, account, campaign_id, utm_campaign, utm_content
    ),
    by_tags AS
    (
        SELECT source, utm_campaign, utm_content, any(account) AS of, any(campaign_id) AS id FROM ads
        WHERE utm_campaign != '' GROUP BY source, utm_campaign, utm_content
        HAVING uniqExact(account, campaign_id) = 1
    ),
    by_campaign AS
    (
        SELECT source, utm_campaign, any(account) AS of, any(campaign_id) AS id FROM ads
        WHERE utm_campaign != '' GROUP BY source, utm_campaign HAVING uniqExact(account, campaign_id) = 1
    ),
    by_id AS
    (
        SELECT source, campaign_id AS id, any(account) AS of FROM ads
        GROUP BY source, campaign_id HAVING uniqExact(account) = 1
    ),
    names AS
    (
        SELECT source, account, campaign_id, argMax(name, (till, name)) AS name FROM ads GROUP BY source, account, campaign_id
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
        t.source, toString(multiIf(b.id != 0, b.of, c.id != 0, c.of, i.of)), multiIf(b.id != 0, b.id, c.id != 0, c.id, i.id), toDecimal128(0, 2),
        toUInt64(0), toUInt64(t.tickets_sold), toDecimal128(t.revenue - t.refunds_amount, 2)
    FROM (SELECT * FROM v_attributed_tickets WHERE d BETWEEN {first:Date} AND {last:Date} AND source != 'other') AS t
    LEFT JOIN by_tags AS b
        ON b.source = t.source AND b.utm_campaign = t.utm_campaign AND b.utm_content = t.utm_content
    LEFT JOIN by_campaign AS c ON c.source = t.source AND c.utm_campaign = t.utm_campaign
    LEFT JOIN by_id AS i ON i.source = t.source AND toString(i.id) = t.utm_campaign
) AS s
LEFT JOIN names AS n ON n.source = s.source AND n.account = s.account AND n.campaign_id = s.campaign_id
GROUP BY source, account, campaign_id
HAVING spend != 0 OR clicks != 0 OR tickets != 0 OR net != 0
ORDER BY campaign_id = 0, spend DESC, net DESC, source, account, campaign_id
SETTINGS join_use_nulls = 0
