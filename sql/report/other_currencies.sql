-- Tickets sold in another currency than the report's, which no sum of the report holds: what they brought cannot be compared
-- with what was spent. A ticket belongs to a campaign as in v_campaign_performance. Days before `first` are one, the day before.
WITH
    ads AS
    (
        SELECT toString(source) AS source, account, campaign_id, utm_campaign, utm_content FROM agg_campaigns_monthly FINAL
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
    -- Months without such tickets are not read.
    sold AS
    (
        SELECT account, event_id, toDate(booked_at, 'Europe/Moscow') AS sold_on, toString(currency) AS paid_in, utm_source, utm_campaign, utm_content, quantity
        FROM stg_qtickets_tickets FINAL
        WHERE state IN ('paid', 'refunded') AND (SELECT any(currency) FROM dim_report FINAL) NOT IN ('', currency)
            AND toYYYYMM(booked_at, 'Europe/Moscow') IN
            (
                SELECT toYYYYMM(event_date) FROM stg_qtickets_sales_raw WHERE currency != (SELECT any(currency) FROM dim_report FINAL)
            )
    )
SELECT
    t.d                                                                     AS d,
    t.city                                                                  AS city,
    t.source                                                                AS source,
    toString(multiIf(b.id != 0, b.of, c.id != 0, c.of, i.of))               AS account,
    multiIf(b.id != 0, b.id, c.id != 0, c.id, i.id)                         AS campaign_id,
    t.paid_in                                                               AS currency,
    sum(t.n)                                                                AS tickets
FROM
(
    SELECT
        greatest(s.sold_on, {first:Date} - 1) AS d, toString(e.city) AS city, if(u.its = '', 'other', u.its) AS source, s.paid_in AS paid_in,
        s.utm_campaign AS utm_campaign, s.utm_content AS utm_content, sum(s.quantity) AS n
    FROM (SELECT * FROM sold) AS s
    LEFT JOIN (SELECT account, event_id, city FROM dim_events FINAL) AS e ON e.account = s.account AND e.event_id = s.event_id
    LEFT JOIN (SELECT utm_source, toString(source) AS its FROM dim_utm_sources FINAL) AS u ON u.utm_source = lowerUTF8(s.utm_source)
    GROUP BY d, city, source, paid_in, utm_campaign, utm_content
) AS t
LEFT JOIN by_tags AS b ON b.source = t.source AND b.utm_campaign = t.utm_campaign AND b.utm_content = t.utm_content
LEFT JOIN by_campaign AS c ON c.source = t.source AND c.utm_campaign = t.utm_campaign
LEFT JOIN by_id AS i ON i.source = t.source AND toString(i.id) = t.utm_campaign
GROUP BY d, city, source, account, campaign_id, currency
ORDER BY d, city, source, account, campaign_id, currency
SETTINGS join_use_nulls = 0
