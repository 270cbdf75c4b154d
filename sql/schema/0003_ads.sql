-- Advertising, one row a day and ad, as the source tells it; and what turns it into reports.

CREATE TABLE IF NOT EXISTS fact_vk_ads_daily
(
    stat_date     Date COMMENT 'Moscow day',
    account       LowCardinality(String),
    account_id    String COMMENT 'the source''s own name of it',
    campaign_id   UInt64,
    ad_group_id   UInt64 COMMENT '0: the source has no groups',
    ad_id         UInt64,
    campaign_name String,
    impressions   UInt64,
    clicks        UInt64,
    spent         Decimal(18, 2),
    spent_has_vat UInt8 COMMENT '1: spent includes VAT',
    currency      LowCardinality(String) COMMENT 'of spent; empty: not known, taken for the report''s',
    conversions   UInt64,
    utm_source    String,
    utm_medium    String,
    utm_campaign  String,
    utm_content   String,
    utm_term      String,
    utm_city      LowCardinality(String) COMMENT 'lower-case Russian name, from utm_content; empty: none',
    utm_day       UInt8 COMMENT '0: none',
    utm_month     UInt8 COMMENT '0: none',
    _ver          UInt64,
    INDEX versions _ver TYPE minmax GRANULARITY 4
)
ENGINE = ReplacingMergeTree(_ver)
PARTITION BY toYYYYMM(stat_date)
ORDER BY (stat_date, account, account_id, campaign_id, ad_group_id, ad_id);

CREATE TABLE IF NOT EXISTS fact_direct_daily AS fact_vk_ads_daily
ENGINE = ReplacingMergeTree(_ver)
PARTITION BY toYYYYMM(stat_date)
ORDER BY (stat_date, account, account_id, campaign_id, ad_group_id, ad_id);

CREATE TABLE IF NOT EXISTS agg_marketing_daily
(
    d              Date COMMENT 'Moscow day: of the spend, of the payment',
    city           LowCardinality(String) COMMENT 'empty: the ad names none',
    source         LowCardinality(String) COMMENT 'vk_ads, direct, other',
    impressions    UInt64,
    clicks         UInt64,
    conversions    UInt64,
    spend_total    Decimal(18, 2) COMMENT 'on the VAT basis of AD_SPEND_VAT',
    tickets_sold   UInt64,
    revenue        Decimal(18, 2),
    refunds_amount Decimal(18, 2),
    _ver           UInt64
)
ENGINE = ReplacingMergeTree(_ver)
PARTITION BY toYYYYMM(d)
ORDER BY (d, city, source);

CREATE TABLE IF NOT EXISTS agg_campaigns_monthly
(
    month         Date COMMENT 'its first day',
    source        LowCardinality(String),
    account       LowCardinality(String),
    campaign_id   UInt64,
    utm_campaign  String,
    utm_content   String,
    campaign_name String COMMENT 'the newest in the month',
    first_day     Date,
    last_day      Date,
    impressions   UInt64,
    clicks        UInt64,
    conversions   UInt64,
    spend_total   Decimal(18, 2) COMMENT 'on the VAT basis of AD_SPEND_VAT',
    _ver          UInt64
)
ENGINE = ReplacingMergeTree(_ver)
PARTITION BY toYYYYMM(month)
ORDER BY (month, source, account, campaign_id, utm_campaign, utm_content);

CREATE TABLE IF NOT EXISTS agg_tags_monthly
(
    month          Date COMMENT 'its first day',
    source         LowCardinality(String) COMMENT 'vk_ads, direct',
    utm_campaign   String,
    utm_content    String,
    tickets_sold   UInt64,
    revenue        Decimal(18, 2),
    refunds_amount Decimal(18, 2),
    _ver           UInt64
)
ENGINE = ReplacingMergeTree(_ver)
PARTITION BY toYYYYMM(month)
ORDER BY (month, source, utm_campaign, utm_content);

CREATE TABLE IF NOT EXISTS dim_utm_sources
(
    utm_source String COMMENT 'lower case',
    source     LowCardinality(String),
    _ver       UInt64
)
ENGINE = ReplacingMergeTree(_ver)
ORDER BY utm_source;

CREATE TABLE IF NOT EXISTS dim_vat_rates
(
    valid_from Date,
    rate       Decimal(5, 4) COMMENT '0.2000 is 20 %',
    _ver       UInt64
)
ENGINE = ReplacingMergeTree(_ver)
ORDER BY valid_from;

CREATE TABLE IF NOT EXISTS dim_report
(
    one            UInt8 COMMENT 'always 1: the table has one row',
    currency       LowCardinality(String) COMMENT 'REPORT_CURRENCY',
    spend_with_vat UInt8 COMMENT 'AD_SPEND_VAT = include',
    _ver           UInt64
)
ENGINE = ReplacingMergeTree(_ver)
ORDER BY one;
