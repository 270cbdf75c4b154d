-- Runs, rejected rows: what happened, for people and for the next run.

CREATE TABLE IF NOT EXISTS meta_job_runs
(
    job            LowCardinality(String) COMMENT 'qtickets_loader, vk_ads_loader, direct_loader, quality, smoke',
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
ORDER BY (job, started_at, run_id);

CREATE TABLE IF NOT EXISTS meta_quarantine
(
    rejection_id  String COMMENT 'the row and its reason, hashed: the same trouble stands here once',
    source        LowCardinality(String),
    resource      LowCardinality(String) COMMENT 'what of the source: orders, events',
    record_key    String COMMENT 'the key of the row, empty where the row has none',
    reason        String,
    `column`      String COMMENT 'the columns at fault',
    value         String COMMENT 'the first wrong value',
    record        String COMMENT 'JSON: the row as it came, allow-listed fields only',
    run_id        String COMMENT 'the run that saw it first',
    rejected_at   DateTime64(3, 'UTC'),
    _ver          UInt64
)
ENGINE = ReplacingMergeTree(_ver)
PARTITION BY toYYYYMM(rejected_at)
ORDER BY (source, resource, rejection_id);
