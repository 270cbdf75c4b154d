-- backup_user: BACKUP of this database. It reads no row and writes none; a RESTORE, which makes tables and fills them,
-- is for etl_writer, or into another database for an administrator.
CREATE ROLE IF NOT EXISTS `{database}_backup`{on_cluster};

GRANT{on_cluster}
    SHOW, BACKUP ON `{database}`.*,
    -- How a backup is getting on.
    SELECT ON system.backups
TO `{database}_backup` WITH REPLACE OPTION;

-- Only with CLICKHOUSE_CLUSTER: a backup of all its servers, and how that is getting on.
GRANT ON CLUSTER `{cluster}` CLUSTER ON *.*, READ ON REMOTE TO `{database}_backup`;

-- The user, where its password is set.
CREATE USER IF NOT EXISTS {user}{on_cluster} IDENTIFIED WITH sha256_hash BY '{hash}' SALT '{salt}';

ALTER USER {user}{on_cluster} IDENTIFIED WITH sha256_hash BY '{hash}' SALT '{salt}';

-- Where BACKUP_HOSTS is set: from there alone.
ALTER USER {user}{on_cluster} HOST {hosts};

GRANT{on_cluster} `{database}_backup` TO {user};
