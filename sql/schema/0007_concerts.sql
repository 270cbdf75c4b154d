-- Concerts: their shows and seats, what was spent on them elsewhere than on ads, and what tickets were sold with.

CREATE TABLE IF NOT EXISTS dim_shows
(
    account        LowCardinality(String),
    show_id        UInt64,
    event_id       UInt64,
    show_at        Nullable(DateTime64(3, 'UTC')),
    show_date      Nullable(Date) COMMENT 'in the time zone of its city',
    sale_starts_at Nullable(DateTime64(3, 'UTC')),
    sale_ends_at   Nullable(DateTime64(3, 'UTC')),
    is_active      UInt8 COMMENT '0 too where it or its event was deleted',
    deleted_at     Nullable(DateTime64(3, 'UTC')) COMMENT 'it or its event, whichever was first',
    _ver           UInt64
)
ENGINE = ReplacingMergeTree(_ver)
ORDER BY (account, show_id);

CREATE TABLE IF NOT EXISTS dim_show_dates
(
    account   LowCardinality(String),
    show_id   UInt64,
    show_date Date COMMENT 'one that it has or had: ads of a show that moved name the older one',
    event_id  UInt64,
    _ver      UInt64
)
ENGINE = ReplacingMergeTree(_ver)
ORDER BY (account, show_id, show_date);

CREATE TABLE IF NOT EXISTS fact_show_seats_daily
(
    day         Date COMMENT 'Moscow day of the snapshot',
    account     LowCardinality(String),
    show_id     UInt64,
    seats_total UInt32,
    seats_sold  UInt32,
    seats_held  UInt32 COMMENT 'ordered and not paid, in a basket, or kept from sale',
    seats_free  UInt32,
    price_left  Decimal(18, 2) COMMENT 'what the free ones would bring',
    _ver        UInt64
)
ENGINE = ReplacingMergeTree(_ver)
PARTITION BY toYYYYMM(day)
ORDER BY (day, account, show_id);

CREATE TABLE IF NOT EXISTS dim_promo_codes
(
    account       LowCardinality(String),
    promo_code_id UInt64,
    discount_id   UInt64 COMMENT '0: unknown',
    code          String COMMENT 'empty: a personal one, which is not kept',
    _ver          UInt64
)
ENGINE = ReplacingMergeTree(_ver)
ORDER BY (account, promo_code_id);

CREATE TABLE IF NOT EXISTS fact_other_costs_daily
(
    day      Date,
    account  LowCardinality(String) COMMENT 'main: there is one file',
    source   LowCardinality(String) COMMENT 'a label of the file, such as bloggers',
    city     LowCardinality(String) COMMENT 'lower-case Russian name; empty: none',
    event_id UInt64 COMMENT '0: none',
    show_id  UInt64 COMMENT '0: none',
    spent    Decimal(18, 2) COMMENT 'as it was paid, whatever the VAT',
    _ver     UInt64
)
ENGINE = ReplacingMergeTree(_ver)
PARTITION BY toYYYYMM(day)
ORDER BY (day, account, source, city, event_id, show_id);

CREATE TABLE IF NOT EXISTS dim_ad_shows
(
    source      LowCardinality(String),
    campaign_id UInt64,
    ad_id       UInt64 COMMENT '0: all of the campaign',
    event_id    UInt64,
    show_id     UInt64 COMMENT '0: the event as a whole',
    _ver        UInt64
)
ENGINE = ReplacingMergeTree(_ver)
ORDER BY (source, campaign_id, ad_id);

ALTER TABLE stg_qtickets_tickets ADD COLUMN IF NOT EXISTS promo_code_id UInt64 COMMENT '0: none' AFTER utm_term,
    ADD COLUMN IF NOT EXISTS discount_id UInt64 COMMENT '0: none' AFTER promo_code_id,
    ADD COLUMN IF NOT EXISTS discount Decimal(18, 2) COMMENT 'of the whole line: what it would have cost more' AFTER discount_id;

ALTER TABLE fact_vk_ads_daily ADD COLUMN IF NOT EXISTS link_event_id UInt64 COMMENT 'of the QTickets page that the ad leads to; 0: none' AFTER utm_month;

ALTER TABLE fact_direct_daily ADD COLUMN IF NOT EXISTS link_event_id UInt64 COMMENT 'of the QTickets page that the ad leads to; 0: none' AFTER utm_month;
