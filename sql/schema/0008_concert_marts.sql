-- What the views of concerts are read from: tickets by show and day, and spend by day and what its ads say they are for; and
-- what is left on ad accounts.

CREATE TABLE IF NOT EXISTS agg_shows_daily
(
    d              Date COMMENT 'Moscow day of payment',
    account        LowCardinality(String),
    event_id       UInt64,
    show_id        UInt64 COMMENT '0: unknown',
    currency       LowCardinality(String),
    tickets_sold   UInt64 COMMENT 'every ticket paid for, free and later refunded ones too',
    tickets_kept   UInt64 COMMENT 'of them those that were not given back',
    tickets_free   UInt64 COMMENT 'of them those that cost nothing',
    promo_tickets  UInt64 COMMENT 'of them those with a promo code',
    revenue        Decimal(18, 2),
    refunds_amount Decimal(18, 2) COMMENT 'what of it was given back, whenever that was',
    discount       Decimal(18, 2) COMMENT 'what they would have cost more',
    _ver           UInt64
)
ENGINE = ReplacingMergeTree(_ver)
PARTITION BY toYYYYMM(d)
ORDER BY (d, account, event_id, show_id, currency);

CREATE TABLE IF NOT EXISTS agg_ad_tags_daily
(
    stat_date    Date COMMENT 'Moscow day',
    source       LowCardinality(String),
    is_filed     UInt8 COMMENT '1: tag_event_id and tag_show_id are of AD_SHOWS_FILE',
    tag_event_id UInt64 COMMENT 'of the file or of the ad''s link; 0: none',
    tag_show_id  UInt64 COMMENT 'of the file; 0: none',
    tag_city     LowCardinality(String) COMMENT 'empty: none, or the event says more',
    tag_day      UInt8 COMMENT '0: none',
    tag_month    UInt8 COMMENT '0: none',
    spend        Decimal(18, 2) COMMENT 'on the VAT basis of AD_SPEND_VAT',
    _ver         UInt64
)
ENGINE = ReplacingMergeTree(_ver)
PARTITION BY toYYYYMM(stat_date)
ORDER BY (stat_date, source, is_filed, tag_event_id, tag_show_id, tag_city, tag_day, tag_month);

CREATE TABLE IF NOT EXISTS fact_ad_balance_daily
(
    day      Date COMMENT 'Moscow day on which the source said so',
    source   LowCardinality(String),
    account  LowCardinality(String),
    balance  Decimal(18, 2) COMMENT 'net of VAT',
    currency LowCardinality(String) COMMENT 'empty: not known',
    _ver     UInt64
)
ENGINE = ReplacingMergeTree(_ver)
PARTITION BY toYYYYMM(day)
ORDER BY (day, source, account);
