-- What `zakaz probe` was told by the APIs of each account.

CREATE TABLE IF NOT EXISTS meta_answers
(
    source      LowCardinality(String),
    account     LowCardinality(String),
    question    LowCardinality(String) COMMENT 'as in docs/unknowns.md',
    answer      LowCardinality(String),
    value       String COMMENT 'of the setting that the answer decides, where the answer alone does not tell it',
    answered_at DateTime64(3, 'UTC'),
    version     LowCardinality(String) COMMENT 'of Zakaz',
    _ver        UInt64
)
ENGINE = ReplacingMergeTree(_ver)
ORDER BY (source, account, question);
