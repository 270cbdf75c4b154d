-- Tickets that advertising brought, by month and the tags of their orders.
SELECT
    toStartOfMonth(d)                           AS month,
    source,
    utm_campaign,
    utm_content,
    sum(tickets_sold)                           AS tickets_sold,
    CAST(sum(revenue) AS Decimal(18, 2))        AS revenue,
    CAST(sum(refunds_amount) AS Decimal(18, 2)) AS refunds_amount
FROM v_attributed_tickets
WHERE source != 'other'
GROUP BY month, source, utm_campaign, utm_content
