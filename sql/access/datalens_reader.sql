-- datalens_reader: reads the views, and nothing else, within limits that no session can raise.
CREATE ROLE IF NOT EXISTS `{database}_reader`{on_cluster};

-- The views read with the rights of who made them (see tasks/load/migrate.py), so no right to a table is needed.
GRANT{on_cluster} SELECT ON `{database}`.v_* TO `{database}_reader` WITH REPLACE OPTION;

CREATE SETTINGS PROFILE IF NOT EXISTS `{database}_reader`{on_cluster};

-- Altered rather than replaced: a replaced profile is another one, and a user would be left without limits.
-- MIN beside MAX because 0 means no limit at all.
ALTER SETTINGS PROFILE `{database}_reader`{on_cluster} SETTINGS
    -- Not 1: DataLens sends settings with each query, join_use_nulls for one, which 1 refuses.
    readonly = 2,
    -- `'vk_ads' AS source` must not hide the column `source` in the same query's WHERE.
    prefer_column_name_to_alias = 1,
    -- today() is the Moscow day, wherever the server stands.
    session_timezone = 'Europe/Moscow',
    max_execution_time = 60 MIN 1 MAX 60,
    max_memory_usage = 2000000000 MIN 1 MAX 2000000000,
    max_memory_usage_for_user = 4000000000 MIN 1 MAX 4000000000,
    max_rows_to_read = 100000000 MIN 1 MAX 100000000,
    max_result_rows = 1000000 MIN 1 MAX 1000000,
    max_concurrent_queries_for_user = 40 MIN 1 MAX 40,
    -- With `break` a query over its limits would answer with a part of the rows, as if it were all of them.
    timeout_overflow_mode = 'throw' CONST,
    read_overflow_mode = 'throw' CONST,
    result_overflow_mode = 'throw' CONST
TO `{database}_reader`;

CREATE QUOTA IF NOT EXISTS `{database}_reader`{on_cluster} TO `{database}_reader`;

ALTER QUOTA `{database}_reader`{on_cluster} KEYED BY user_name
    FOR INTERVAL 1 hour MAX queries = 20000, errors = 2000, execution_time = 7200;

-- The user, where its password is set. Limits are its own too, so that SET ROLE NONE does not shed them.
CREATE USER IF NOT EXISTS {user}{on_cluster} IDENTIFIED WITH sha256_hash BY '{hash}' SALT '{salt}'
    SETTINGS PROFILE `{database}_reader`;

ALTER USER {user}{on_cluster} IDENTIFIED WITH sha256_hash BY '{hash}' SALT '{salt}'
    SETTINGS PROFILE `{database}_reader`;

GRANT{on_cluster} `{database}_reader` TO {user};

ALTER QUOTA `{database}_reader`{on_cluster} TO `{database}_reader`, {user};
