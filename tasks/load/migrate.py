"""The schema: numbered migrations, applied once and never edited, and views, replaced when what they are made of
changed."""

from __future__ import annotations

import logging
import re
from datetime import UTC, datetime
from graphlib import TopologicalSorter
from pathlib import Path

import polars as pl
from clickhouse_connect.driver.client import Client

from tasks.errors import WarehouseError
from tasks.load.frames import insert, select
from tasks.load.sql import SqlFile, sql_files
from tasks.settings import SQL_DIR

logger = logging.getLogger("zakaz.load")

_LEDGER = """
CREATE TABLE IF NOT EXISTS meta_migrations
(
    kind       LowCardinality(String) COMMENT 'schema, views',
    name       String,
    checksum   String,
    applied_at DateTime64(3, 'UTC'),
    _ver       UInt64
)
ENGINE = ReplacingMergeTree(_ver)
ORDER BY (kind, name)
"""


def migrate(client: Client, root: Path = SQL_DIR) -> list[str]:
    """Bring the schema up to date and name what was applied, e.g. `schema/0001_meta`.

    Raises WarehouseError where an applied migration was edited or is no longer there.
    """
    client.command(_LEDGER)
    done = select(client, "SELECT kind, name, checksum, applied_at FROM meta_migrations FINAL WHERE checksum != ''")
    schema = sql_files("schema", root)
    return _apply_schema(client, done, schema) + _apply_views(client, done, root, schema)


def _apply_schema(client: Client, done: pl.DataFrame, files: list[SqlFile]) -> list[str]:
    known = {file.name: file for file in files}
    for name, checksum, applied_at in _of(done, "schema").select("name", "checksum", "applied_at").iter_rows():
        if name not in known:
            raise WarehouseError(
                f"The warehouse has the migration {name}, which this version of Zakaz does not know. "
                "Update Zakaz; an older one cannot work on a newer warehouse."
            )
        if known[name].checksum != checksum:
            raise WarehouseError(
                f"sql/schema/{name}.sql was changed after it was applied on {applied_at:%Y-%m-%d}. "
                "Restore it and put the change into a new migration."
            )
    applied = set(_of(done, "schema")["name"])
    return [_apply(client, file) for file in files if file.name not in applied]


def _apply(client: Client, file: SqlFile) -> str:
    for statement in file.statements:
        client.command(statement)
    return _record(client, "schema", file.name, file.checksum)


def _apply_views(client: Client, done: pl.DataFrame, root: Path, schema: list[SqlFile]) -> list[str]:
    files = _in_order(sql_files("views", root))
    # A view keeps the columns and types that what it reads had when it was made, so all are replaced together,
    # after a migration too.
    since = schema[-1].name if schema else ""
    wanted = {file.name: f"{file.checksum} {since}" for file in files}
    held = dict(_of(done, "views").select("name", "checksum").iter_rows())
    gone = sorted(held.keys() - wanted.keys())
    stale = files if wanted.items() - held.items() else []
    for name in gone:
        client.command(f"DROP VIEW IF EXISTS `{name}`")
    for file in stale:
        client.command(f"CREATE OR REPLACE VIEW `{file.name}` AS\n{file.text}")
    # Only now: were each recorded at once, a run that died between two would leave the second as it was for good.
    records = [(name, "") for name in gone] + [(file.name, wanted[file.name]) for file in stale]
    return [_record(client, "views", name, checksum) for name, checksum in records]


def _in_order(views: list[SqlFile]) -> list[SqlFile]:
    """A view after those that it reads."""
    by_name = {view.name: view for view in views}
    words = {view.name: set(re.findall(r"\w+", re.sub(r"--.*", "", view.text))) for view in views}
    reads = {name: (words[name] & by_name.keys()) - {name} for name in by_name}
    return [by_name[name] for name in TopologicalSorter(reads).static_order()]


def _of(done: pl.DataFrame, kind: str) -> pl.DataFrame:
    return done.filter(pl.col("kind") == kind)


def _record(client: Client, kind: str, name: str, checksum: str) -> str:
    now = datetime.now(UTC)
    row = {
        "kind": kind,
        "name": name,
        "checksum": checksum,
        "applied_at": now,
        "_ver": int(now.timestamp() * 1000),
    }
    insert(
        client,
        "meta_migrations",
        pl.DataFrame([row], schema_overrides={"applied_at": pl.Datetime("ms", "UTC")}),
    )
    logger.info("applied %s/%s", kind, name)
    return f"{kind}/{name}"
