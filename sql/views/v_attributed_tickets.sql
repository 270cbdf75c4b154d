-- Paid tickets in the report's currency, each with the source and city that it is booked on.
SELECT
    toDate(t.booked_at, 'Europe/Moscow') AS d,
    t.account                          AS account,
    e.city                             AS city,
    if(s.its = '', 'other', s.its)     AS source,
    t.utm_campaign                     AS utm_campaign,
    t.utm_content                      AS utm_content,
    t.quantity                         AS tickets_sold,
    t.amount                           AS revenue,
    t.refunded_amount                  AS refunds_amount
FROM (SELECT * FROM stg_qtickets_tickets FINAL WHERE state IN ('paid', 'refunded')) AS t
INNER JOIN (SELECT currency FROM dim_report FINAL) AS r ON r.currency = t.currency
LEFT JOIN (SELECT account, event_id, city FROM dim_events FINAL) AS e
    ON e.account = t.account AND e.event_id = t.event_id
-- As text: ClickHouse 26.7 cannot join this view to v_ad_spend while the column is a LowCardinality one.
LEFT JOIN (SELECT utm_source, toString(source) AS its FROM dim_utm_sources FINAL) AS s
    ON s.utm_source = lowerUTF8(t.utm_source)
-- DataLens asks with join_use_nulls = 1; the types of these columns must not depend on who asks.
SETTINGS join_use_nulls = 0
