-- What each rouble of advertising brought, by Moscow day, city and source. For any day and city the sources add up
-- to the total. romi and roas are NULL where there was no spend.
SELECT
    d,
    city,
    source,
    impressions,
    clicks,
    conversions,
    spend_total,
    tickets_sold,
    revenue,
    refunds_amount,
    revenue - refunds_amount                                                             AS net_revenue,
    toFloat64(revenue - refunds_amount - spend_total) / nullIf(toFloat64(spend_total), 0) AS romi,
    toFloat64(revenue - refunds_amount) / nullIf(toFloat64(spend_total), 0)              AS roas
FROM agg_marketing_daily FINAL
