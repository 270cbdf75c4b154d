-- What checks remember from run to run, and the life of what they find.

CREATE TABLE IF NOT EXISTS meta_memory
(
    what    LowCardinality(String) COMMENT 'the file in sql/memory',
    source  LowCardinality(String),
    account LowCardinality(String),
    thing   String COMMENT 'an event, a campaign, an alias',
    day     Date COMMENT '1970-01-01 where it is of no day',
    seen_on Date COMMENT 'the Moscow day on which it was like this',
    figures Map(String, Decimal(18, 2)) COMMENT 'all 0: it was there and is no more',
    words   Map(String, String),
    seen_by LowCardinality(String) COMMENT 'load, backfill, check',
    _ver    UInt64
)
ENGINE = ReplacingMergeTree(_ver)
PARTITION BY toYYYYMM(day)
ORDER BY (what, source, account, day, thing, seen_on);

CREATE TABLE IF NOT EXISTS meta_findings
(
    check_name LowCardinality(String) COMMENT 'the file in sql/quality',
    finding    String COMMENT 'what is wrong: the values of the key columns of the check',
    opened_at  DateTime64(3, 'UTC'),
    seen_at    DateTime64(3, 'UTC') COMMENT 'the newest look at which it was wrong',
    closed_at  Nullable(DateTime64(3, 'UTC')) COMMENT 'when it was looked at and was right',
    status     LowCardinality(String) COMMENT 'open, accepted, mended, dropped (the check is no more)',
    severity   LowCardinality(String) COMMENT 'warn, fail',
    story      LowCardinality(String) COMMENT 'loads, exact, levels',
    source     LowCardinality(String),
    account    LowCardinality(String),
    day        Nullable(Date) COMMENT 'the day that it is about',
    money      Nullable(Decimal(18, 2)) COMMENT 'what it is about, in the currency of the report',
    what       String,
    what_ru    String,
    run_id     String COMMENT 'the newest run that saw it',
    _ver       UInt64
)
ENGINE = ReplacingMergeTree(_ver)
PARTITION BY toYYYYMM(opened_at)
ORDER BY (check_name, finding, opened_at);

CREATE TABLE IF NOT EXISTS meta_accepted
(
    check_name  LowCardinality(String),
    finding     String COMMENT 'a finding, or the beginning of several with * behind it',
    until       Date COMMENT 'the last Moscow day on which it is accepted',
    why         String,
    accepted_at DateTime64(3, 'UTC'),
    _ver        UInt64
)
ENGINE = ReplacingMergeTree(_ver)
ORDER BY (check_name, finding);
