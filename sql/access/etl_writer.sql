-- etl_writer: everything that migrations, loads, quality, smoke and a restore do in this database, and nothing in
-- another one.
-- The views read with its rights (see tasks/load/migrate.py), so it is the user to migrate with.
CREATE ROLE IF NOT EXISTS `{database}_writer`{on_cluster};

-- REPLACE: a right that an earlier version gave and this one does not is taken back.
GRANT{on_cluster}
    SHOW, SELECT, INSERT, ALTER TABLE, CREATE DATABASE, CREATE TABLE, CREATE VIEW, DROP TABLE, DROP VIEW, TRUNCATE,
    OPTIMIZE, CHECK ON `{database}`.*,
    TABLE ENGINE ON MergeTree,
    TABLE ENGINE ON ReplacingMergeTree,
    -- Which partitions a load has to merge.
    SELECT ON system.parts,
    -- How a restore is getting on.
    SELECT ON system.backups
TO `{database}_writer` WITH REPLACE OPTION;

-- Only with CLICKHOUSE_CLUSTER: statements for all its servers, and tables that are spread over them.
GRANT ON CLUSTER `{cluster}`
    SYSTEM SYNC REPLICA, SYSTEM FLUSH DISTRIBUTED ON `{database}`.*,
    TABLE ENGINE ON ReplicatedMergeTree,
    TABLE ENGINE ON ReplicatedReplacingMergeTree,
    TABLE ENGINE ON Distributed,
    READ ON REMOTE,
    CLUSTER ON *.*
TO `{database}_writer`;

-- The user, where its password is set.
CREATE USER IF NOT EXISTS {user}{on_cluster} IDENTIFIED WITH sha256_hash BY '{hash}' SALT '{salt}';

ALTER USER {user}{on_cluster} IDENTIFIED WITH sha256_hash BY '{hash}' SALT '{salt}';

-- Where ETL_HOSTS is set: from there alone.
ALTER USER {user}{on_cluster} HOST {hosts};

GRANT{on_cluster} `{database}_writer` TO {user};
