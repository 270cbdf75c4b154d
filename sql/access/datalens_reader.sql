-- datalens_reader: reads the views, and nothing else, within limits.
-- The quota holds on every server. The settings hold where ClickHouse keeps a session to its constraints;
-- docs/datalens.md names the versions, and `zakaz access` tries it.
CREATE ROLE IF NOT EXISTS `{database}_reader`{on_cluster};

-- The views read with the rights of who made them (see tasks/load/migrate.py), so no right to a table is needed.
GRANT{on_cluster} SELECT ON `{database}`.v_* TO `{database}_reader` WITH REPLACE OPTION;

CREATE SETTINGS PROFILE IF NOT EXISTS `{database}_reader`{on_cluster};

-- Altered rather than replaced: a replaced profile is another one, and a user would be left without limits.
-- MIN beside MAX because 0 means no limit at all, and is what DEFAULT would put there.
ALTER SETTINGS PROFILE `{database}_reader`{on_cluster} SETTINGS
    -- Not 1: it refuses the settings that DataLens sends, join_use_nulls for one, and then the views' own, which set
    -- that back, are passed over in silence.
    readonly = 2,
    -- `'vk_ads' AS source` must not hide the column `source` in the same query's WHERE.
    prefer_column_name_to_alias = 1,
    -- today() is the Moscow day, wherever the server stands.
    session_timezone = 'Europe/Moscow',
    max_execution_time = 60 MIN 1 MAX 60,
    -- On 8 GB compose.yaml leaves ClickHouse 2.4 GB in all: a load needs the rest.
    max_memory_usage = 1000000000 MIN 1 MAX 1000000000,
    max_memory_usage_for_user = 1500000000 MIN 1 MAX 1500000000,
    max_temporary_data_on_disk_size_for_query = 2000000000 MIN 1 MAX 2000000000,
    -- What a thread takes before it is counted: more of it would be memory without a limit.
    max_untracked_memory = 4194304 MAX 4194304,
    max_threads MAX 16,
    max_rows_to_read = 100000000 MIN 1 MAX 100000000,
    max_result_rows = 1000000 MIN 1 MAX 1000000,
    max_concurrent_queries_for_user = 40 MIN 1 MAX 40,
    -- With `break` a query over its limits would answer with a part of the rows, as if it were all of them.
    timeout_overflow_mode = 'throw' CONST,
    read_overflow_mode = 'throw' CONST,
    result_overflow_mode = 'throw' CONST,
    -- They would tell, yes or no, what stands in a column of a table that no view shows.
    additional_table_filters CONST,
    -- They name files of the server, to read or to write.
    format_schema CONST,
    output_format_schema CONST,
    format_template_row CONST,
    format_template_resultset CONST,
    -- What was asked stays in system.query_log.
    log_queries CONST,
    log_queries_probability CONST,
    log_queries_min_type CONST,
    log_queries_min_query_duration_ms CONST{of_newer_servers}
TO `{database}_reader`;

CREATE QUOTA IF NOT EXISTS `{database}_reader`{on_cluster} TO `{database}_reader`;

-- Rows are counted while a query runs, which ends when there are too many. Time is counted from a query's first row of
-- answer on, so it ends one that never stops answering, and not one that computes for long.
ALTER QUOTA `{database}_reader`{on_cluster} KEYED BY user_name
    FOR INTERVAL 1 minute MAX queries = 1000, errors = 200, result_rows = 10000000, read_rows = 1000000000,
    FOR INTERVAL 1 hour MAX queries = 20000, errors = 2000, result_rows = 100000000, read_rows = 20000000000,
        execution_time = 7200;

-- The user, where its password is set. Limits are its own too, so that SET ROLE NONE does not shed them.
CREATE USER IF NOT EXISTS {user}{on_cluster} IDENTIFIED WITH sha256_hash BY '{hash}' SALT '{salt}'
    SETTINGS PROFILE `{database}_reader`;

ALTER USER {user}{on_cluster} IDENTIFIED WITH sha256_hash BY '{hash}' SALT '{salt}'
    SETTINGS PROFILE `{database}_reader`;

-- Where DATALENS_HOSTS is set: from there alone.
ALTER USER {user}{on_cluster} HOST {hosts};

GRANT{on_cluster} `{database}_reader` TO {user};

ALTER QUOTA `{database}_reader`{on_cluster} TO `{database}_reader`, {user};
