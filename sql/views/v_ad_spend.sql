-- Ad days of all sources, with `spend` on one VAT basis (AD_SPEND_VAT). Each row is rounded to the kopeck, so that
-- every grouping of them adds up to the same total. Spend in another currency than the report's is not here.
-- The row of dim_report is read as scalars: joined, it took eight times as long as the rest.
WITH (SELECT any(spend_with_vat) FROM dim_report FINAL) AS with_vat
SELECT
    f.source        AS source,
    f.stat_date     AS stat_date,
    f.account       AS account,
    f.account_id    AS account_id,
    f.campaign_id   AS campaign_id,
    f.ad_group_id   AS ad_group_id,
    f.ad_id         AS ad_id,
    f.campaign_name AS campaign_name,
    f.impressions   AS impressions,
    f.clicks        AS clicks,
    f.conversions   AS conversions,
    f.utm_campaign  AS utm_campaign,
    f.utm_content   AS utm_content,
    f.utm_city      AS utm_city,
    f.utm_day       AS utm_day,
    f.utm_month     AS utm_month,
    f.link_event_id AS link_event_id,
    CAST(multiIf(
        f.spent_has_vat = with_vat, toDecimal128(f.spent, 2),
        with_vat = 1, toDecimal128(round(toDecimal128(f.spent, 2) * (1 + v.rate), 2), 2),
        toDecimal128(round(toDecimal128(f.spent, 8) / (1 + v.rate), 2), 2)
    ) AS Decimal(18, 2)) AS spend
FROM (SELECT 1 AS one, * FROM v_ad_days) AS f
ASOF JOIN (SELECT 1 AS one, valid_from, rate FROM dim_vat_rates FINAL) AS v
    ON v.one = f.one AND f.stat_date >= v.valid_from
WHERE f.currency IN ('', (SELECT any(currency) FROM dim_report FINAL))
