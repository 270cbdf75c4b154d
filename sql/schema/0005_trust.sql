-- What the sources say themselves, to compare with what was loaded: their totals, and whether their campaigns run.
-- A row that is loaded again unchanged is not written: `read_at` is when the source first said so. A row of totals stands
-- for the last good load of its day; where that load got none, there is none.

CREATE TABLE IF NOT EXISTS meta_ad_totals
(
    stat_date     Date COMMENT 'Moscow day',
    source        LowCardinality(String),
    account       LowCardinality(String),
    impressions   UInt64,
    clicks        UInt64,
    spent         Decimal(18, 2) COMMENT 'of the whole account, by its own report and not by adding up ads',
    spent_has_vat UInt8 COMMENT '1: spent includes VAT',
    currency      LowCardinality(String) COMMENT 'of spent; empty: not known, taken for the report''s',
    _ver          UInt64,
    read_at       DateTime64(3, 'UTC') ALIAS fromUnixTimestamp64Milli(toInt64(_ver), 'UTC')
)
ENGINE = ReplacingMergeTree(_ver)
PARTITION BY toYYYYMM(stat_date)
ORDER BY (stat_date, source, account);

CREATE TABLE IF NOT EXISTS meta_order_totals
(
    event_date      Date COMMENT 'Moscow day of payment',
    account         LowCardinality(String),
    event_id        UInt64 COMMENT '0: could not be read',
    currency        LowCardinality(String) COMMENT 'empty: could not be read',
    orders          UInt64 COMMENT 'paid ones, also those of which a line was rejected',
    orders_unpriced UInt64 COMMENT 'of them those whose price could not be read: not in revenue',
    orders_odd      UInt64 COMMENT 'of them those whose price is no sum of their lines, with or without refunded or cancelled ones',
    tickets         UInt64 COMMENT 'of lines that count as sold',
    revenue         Decimal(18, 2) COMMENT 'what the orders'' own prices say; whether a refund lowers them is not known',
    lines           Decimal(18, 2) COMMENT 'what the lines that count as sold cost, rejected ones too',
    lines_refunded  Decimal(18, 2) COMMENT 'of lines: those that were given back',
    lines_cancelled Decimal(18, 2) COMMENT 'not in lines: the cancelled ones of the same orders',
    _ver            UInt64,
    read_at         DateTime64(3, 'UTC') ALIAS fromUnixTimestamp64Milli(toInt64(_ver), 'UTC')
)
ENGINE = ReplacingMergeTree(_ver)
PARTITION BY toYYYYMM(event_date)
ORDER BY (event_date, account, event_id, currency);

CREATE TABLE IF NOT EXISTS dim_campaigns
(
    source        LowCardinality(String),
    account       LowCardinality(String),
    campaign_id   UInt64,
    campaign_name String,
    status        LowCardinality(String) COMMENT 'active, paused, ended, deleted, unknown',
    status_told   LowCardinality(String) COMMENT 'as the source says it',
    starts_on     Nullable(Date),
    ends_on       Nullable(Date) COMMENT 'its last day',
    budget_day    Nullable(Decimal(18, 2)) COMMENT 'net of VAT, in the account''s currency',
    _ver          UInt64,
    read_at       DateTime64(3, 'UTC') ALIAS fromUnixTimestamp64Milli(toInt64(_ver), 'UTC')
)
ENGINE = ReplacingMergeTree(_ver)
ORDER BY (source, account, campaign_id);
