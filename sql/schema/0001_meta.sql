-- Runs, rejected and removed rows, accounts: what happened, for people and for the next run.

CREATE TABLE IF NOT EXISTS meta_job_runs
(
    job            LowCardinality(String) COMMENT 'qtickets_loader, vk_ads_loader, direct_loader, quality, smoke',
    account        LowCardinality(String) COMMENT 'of the source, by our name; empty: the job is of none',
    run_id         String COMMENT 'the Prefect flow run',
    started_at     DateTime64(3, 'UTC'),
    finished_at    Nullable(DateTime64(3, 'UTC')),
    status         LowCardinality(String) COMMENT 'running, success, failed',
    rows_processed UInt64 COMMENT 'rows of the source that were valid',
    message        String,
    metrics        String COMMENT 'JSON',
    _ver           UInt64
)
ENGINE = ReplacingMergeTree(_ver)
PARTITION BY toYYYYMM(started_at)
ORDER BY (job, account, started_at, run_id);

CREATE TABLE IF NOT EXISTS meta_quarantine
(
    rejection_id  String COMMENT 'the row and its reason, hashed: the same trouble stands here once',
    source        LowCardinality(String),
    account       LowCardinality(String),
    resource      LowCardinality(String) COMMENT 'what of the source: orders, events',
    record_key    String COMMENT 'the key of the row, empty where the row has none',
    reason        String,
    `column`      String COMMENT 'the columns at fault',
    value         String COMMENT 'the first wrong value',
    record        String COMMENT 'JSON: the row as it came, allow-listed fields only',
    run_id        String COMMENT 'the run that saw it first',
    rejected_at   DateTime64(3, 'UTC'),
    window_first  Date COMMENT 'of the load that saw the row last',
    window_last   Date,
    _ver          UInt64
)
ENGINE = ReplacingMergeTree(_ver)
PARTITION BY toYYYYMM(rejected_at)
ORDER BY (source, account, resource, rejection_id);

-- What a late writer must know. What loads removed, so that a run which read the source before and writes after does
-- not bring it back.
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

-- What loads changed and marts do not show yet: a run that dies in between leaves its entry to the next one.
CREATE TABLE IF NOT EXISTS meta_unfinished
(
    entry      String,
    changed    LowCardinality(String) COMMENT 'the table; or the mart of which any day may be wrong',
    job        LowCardinality(String),
    account    LowCardinality(String),
    run_id     String,
    started_at DateTime64(3, 'UTC') COMMENT 'of the run',
    days       Array(Date) COMMENT 'of the rows that change; empty: any',
    is_done    UInt8 COMMENT '1: the marts show it',
    noted_at   DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') COMMENT 'by the clock of the warehouse, as the TTL',
    _ver       UInt64
)
ENGINE = ReplacingMergeTree(_ver)
ORDER BY entry
TTL toDateTime(noted_at) + INTERVAL 30 DAY DELETE WHERE is_done;

CREATE TABLE IF NOT EXISTS meta_accounts
(
    source  LowCardinality(String),
    account LowCardinality(String) COMMENT 'our name of it',
    address String COMMENT 'of the API',
    marks   Array(String) COMMENT 'by which the source''s own account is known again, hashed',
    seen_at DateTime64(3, 'UTC') COMMENT 'when these marks were seen first',
    _ver    UInt64
)
ENGINE = ReplacingMergeTree(_ver)
ORDER BY (source, account);
