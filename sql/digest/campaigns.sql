-- Campaigns that spent in these days, and what each brought and cost since it began: tickets may come long after the ads.
-- One that spent on the first loaded day of its account may have begun before. Where older sales are loaded, tickets of
-- ads that are not would be its gain: it is left out.
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
    SELECT *, min(began) OVER (PARTITION BY source, account) AS first_day
    FROM
    (
        SELECT
            toString(source) AS source, toString(account) AS account, campaign_id, min(stat_date) AS began,
            countIf(stat_date BETWEEN {first:Date} AND {last:Date}) AS now
        FROM v_ad_spend WHERE spend > 0 GROUP BY source, account, campaign_id
    )
) AS r ON r.source = c.source AND r.account = c.account AND r.campaign_id = c.campaign_id
WHERE r.now > 0 AND (r.began > r.first_day OR r.first_day <= ifNull((SELECT minOrNull(d) FROM agg_marketing_daily WHERE tickets_sold > 0), {last:Date}))
ORDER BY gain DESC, source, account, name
SETTINGS join_use_nulls = 0
