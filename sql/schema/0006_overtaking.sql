-- What a late writer must know. What loads removed, so that a run which read the source before and writes after does not bring it back.

CREATE TABLE IF NOT EXISTS meta_removals
(
    table_name LowCardinality(String),
    row_key    String COMMENT 'JSON: the key of the row',
    first      Date COMMENT 'the days in which it is no more: it may have moved to another',
    last       Date,
    removed_at DateTime64(3, 'UTC'),
    _ver       UInt64 COMMENT 'of the load that no longer found the row'
)
ENGINE = ReplacingMergeTree(_ver)
PARTITION BY toYYYYMM(removed_at)
ORDER BY (table_name, row_key, first, last);

ALTER TABLE meta_quarantine ADD COLUMN IF NOT EXISTS window_first Date COMMENT 'of the load that saw the row last' AFTER rejected_at;

ALTER TABLE meta_quarantine ADD COLUMN IF NOT EXISTS window_last Date AFTER window_first;
