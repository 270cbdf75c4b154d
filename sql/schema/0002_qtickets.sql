-- Ticket sales. Sorting keys hold only what never changes. Partitions of tickets are of the Moscow month that a load asks
-- for, which may change, as when an order of January is paid in February: ReplacingMergeTree collapses two versions
-- of a row within one partition and nowhere else, so the load removes the older one itself.

CREATE TABLE IF NOT EXISTS stg_qtickets_tickets
(
    account         LowCardinality(String),
    ticket_id       UInt64,
    order_id        UInt64,
    event_id        UInt64,
    show_id         UInt64 COMMENT '0: unknown',
    state           LowCardinality(String) COMMENT 'paid, refunded, cancelled, reserved',
    ordered_at      DateTime64(3, 'UTC'),
    paid_at         Nullable(DateTime64(3, 'UTC')),
    booked_at       DateTime64(3, 'UTC') COMMENT 'when it was paid or, until then, ordered',
    price           Decimal(18, 2) COMMENT 'as the source gives it',
    quantity        UInt32,
    amount          Decimal(18, 2) COMMENT 'what the line cost in all',
    refunded_amount Decimal(18, 2) COMMENT 'what of it was given back',
    refunded_at     Nullable(DateTime64(3, 'UTC')),
    currency        LowCardinality(String),
    utm_source      String,
    utm_medium      String,
    utm_campaign    String,
    utm_content     String,
    utm_term        String,
    _ver            UInt64,
    INDEX versions _ver TYPE minmax GRANULARITY 4
)
ENGINE = ReplacingMergeTree(_ver)
PARTITION BY toYYYYMM(booked_at, 'Europe/Moscow')
ORDER BY (account, ticket_id);

CREATE TABLE IF NOT EXISTS dim_events
(
    account       LowCardinality(String),
    event_id      UInt64,
    event_name    String,
    city          LowCardinality(String) COMMENT 'lower-case Russian name',
    venue         String,
    timezone      LowCardinality(String),
    currency      LowCardinality(String),
    is_active     UInt8,
    first_show_at Nullable(DateTime64(3, 'UTC')),
    last_show_at  Nullable(DateTime64(3, 'UTC')),
    _ver          UInt64
)
ENGINE = ReplacingMergeTree(_ver)
ORDER BY (account, event_id);

CREATE TABLE IF NOT EXISTS stg_qtickets_sales_raw
(
    event_date     Date COMMENT 'Moscow day of payment',
    account        LowCardinality(String),
    event_id       UInt64,
    currency       LowCardinality(String),
    city           LowCardinality(String),
    event_name     String,
    tickets_sold   UInt64 COMMENT 'every ticket paid for, free and later refunded ones too',
    revenue        Decimal(18, 2) COMMENT 'what was paid',
    refunds_amount Decimal(18, 2) COMMENT 'what of it was given back, whenever that was',
    _ver           UInt64
)
ENGINE = ReplacingMergeTree(_ver)
PARTITION BY toYYYYMM(event_date)
ORDER BY (event_date, account, event_id, currency);
