-- Results of the quality flow: one row a check and run.

CREATE TABLE IF NOT EXISTS meta_quality_checks
(
    check_name LowCardinality(String) COMMENT 'the file in sql/quality',
    run_id     String COMMENT 'the Prefect flow run',
    checked_at DateTime64(3, 'UTC'),
    day        Date COMMENT 'the Moscow day that was today for the check',
    severity   LowCardinality(String) COMMENT 'warn, fail',
    status     LowCardinality(String) COMMENT 'ok, broken, unjudged',
    observed   UInt64 COMMENT 'rows that break the check',
    expected   UInt64 COMMENT 'always 0',
    message    String COMMENT 'the first of them in words, or why it could not be judged',
    sample     String COMMENT 'JSON: some of the rows',
    _ver       UInt64
)
ENGINE = ReplacingMergeTree(_ver)
PARTITION BY toYYYYMM(checked_at)
ORDER BY (check_name, checked_at, run_id);

CREATE TABLE IF NOT EXISTS dim_cities
(
    city String COMMENT 'lower-case Russian name',
    _ver UInt64
)
ENGINE = ReplacingMergeTree(_ver)
ORDER BY city;

CREATE TABLE IF NOT EXISTS meta_alerts
(
    trouble     String COMMENT 'what is wrong, e.g. run qtickets or check duplicates_sales',
    opened_at   DateTime64(3, 'UTC') COMMENT 'since when',
    sent_at     DateTime64(3, 'UTC') COMMENT 'the newest message',
    closed_at   Nullable(DateTime64(3, 'UTC')) COMMENT 'when it was over',
    fingerprint String COMMENT 'the trouble in this form was told',
    title       String,
    body        String,
    delivered   UInt8 COMMENT '0: the channel did not take it',
    error       String COMMENT 'why not',
    _ver        UInt64
)
ENGINE = ReplacingMergeTree(_ver)
PARTITION BY toYYYYMM(opened_at)
ORDER BY (trouble, opened_at);
