-- Each campaign of an ad account against the tickets that its ads' tags brought, whichever organizer sold them; which
-- ticket belongs to which campaign is in v_tag_campaigns. Tickets of a source that fit no campaign, or several, stand in
-- a row with campaign 0 and no account, so that a source's rows add up to its total.
WITH
    attributed AS
    (
        SELECT
            t.source AS source,
            if(mapContains(c.by_content, t.utm_content), c.by_content[t.utm_content], c.otherwise) AS campaign,
            campaign.1 AS account,
            campaign.2 AS campaign_id,
            sum(t.tickets_sold)     AS tickets_sold,
            sum(t.revenue)          AS revenue,
            sum(t.refunds_amount)   AS refunds_amount
        FROM (SELECT * FROM agg_tags_monthly FINAL) AS t
        LEFT JOIN (SELECT * FROM v_tag_campaigns) AS c ON c.source = t.source AND c.utm_campaign = t.utm_campaign
        -- By its table: with prefer_column_name_to_alias, as readers have it, a bare `source` could be any of the four.
        GROUP BY t.source, campaign
    ),
    stacked AS
    (
        SELECT
            source, account, campaign_id,
            argMax(m.campaign_name, (m.last_day, m.campaign_name)) AS campaign_name,
            min(m.first_day) AS first_day, max(m.last_day) AS last_day,
            sum(m.impressions) AS impressions, sum(m.clicks) AS clicks, sum(m.conversions) AS conversions,
            toDecimal128(sum(m.spend_total), 2) AS spend,
            toUInt64(0) AS tickets_sold, toDecimal128(0, 2) AS revenue, toDecimal128(0, 2) AS refunds
        -- A table's own alias is lost where a backup is restored under another name.
        FROM (SELECT * FROM agg_campaigns_monthly FINAL) AS m GROUP BY source, account, campaign_id
        UNION ALL
        SELECT
            source, account, campaign_id, '', toDate('2149-06-06'), toDate(0), 0, 0, 0, 0,
            tickets_sold, toDecimal128(revenue, 2), toDecimal128(refunds_amount, 2)
        FROM attributed
    )
SELECT
    source,
    account,
    campaign_id,
    name                                                        AS campaign_name,
    nullIf(since, toDate('2149-06-06'))                         AS first_day,
    nullIf(till, toDate(0))                                     AS last_day,
    shown                                                       AS impressions,
    clicked                                                     AS clicks,
    converted                                                   AS conversions,
    clicked / nullIf(shown, 0)                            AS ctr,
    paid                                                        AS spend_total,
    toFloat64(paid) / nullIf(clicked, 0)                        AS cpc,
    tickets                                                     AS tickets_sold,
    brought                                                     AS revenue,
    returned                                                    AS refunds_amount,
    brought - returned                                          AS net_revenue,
    toFloat64(brought - returned - paid) / nullIf(toFloat64(paid), 0) AS romi
FROM
(
    SELECT
        source,
        account,
        campaign_id,
        max(campaign_name)                      AS name,
        min(first_day)                          AS since,
        max(last_day)                           AS till,
        sum(impressions)                        AS shown,
        sum(clicks)                             AS clicked,
        sum(conversions)                        AS converted,
        CAST(sum(spend) AS Decimal(18, 2))      AS paid,
        sum(tickets_sold)                       AS tickets,
        CAST(sum(revenue) AS Decimal(18, 2))    AS brought,
        CAST(sum(refunds) AS Decimal(18, 2))    AS returned
    FROM stacked
    GROUP BY source, account, campaign_id
)
-- DataLens asks with join_use_nulls = 1; the types of these columns must not depend on who asks.
SETTINGS join_use_nulls = 0
