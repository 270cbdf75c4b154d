-- Tickets sold in another currency than the report's, which no sum of the report holds: what they brought cannot be compared
-- with what was spent. v_tag_campaigns has which campaign a ticket belongs to. Days before `first` are one, the day before.
-- Months without such tickets are not read.
WITH sold AS
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
    (if(mapContains(c.by_content, t.utm_content), c.by_content[t.utm_content], c.otherwise) AS campaign).1 AS account,
    campaign.2                                                              AS campaign_id,
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
LEFT JOIN (SELECT * FROM v_tag_campaigns) AS c ON c.source = t.source AND c.utm_campaign = t.utm_campaign
GROUP BY d, city, source, campaign, currency
ORDER BY d, city, source, account, campaign_id, currency
SETTINGS join_use_nulls = 0
