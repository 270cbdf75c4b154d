"""The schema: numbered migrations, applied once and never edited, and views, replaced when their file changed."""

from __future__ import annotations

import logging
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
    return _apply_schema(client, done, root) + _apply_views(client, done, root)


def _apply_schema(client: Client, done: pl.DataFrame, root: Path) -> list[str]:
    files = sql_files("schema", root)
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
    return [_run(client, "schema", file, file.statements) for file in files if file.name not in applied]


def _apply_views(client: Client, done: pl.DataFrame, root: Path) -> list[str]:
    files = _in_order(sql_files("views", root))
    held = dict(_of(done, "views").select("name", "checksum").iter_rows())
    # A view keeps the columns that the views below it had when it was made, so all are replaced together.
    stale = files if any(held.get(file.name) != file.checksum for file in files) else []
    gone = [SqlFile(name, "") for name in held.keys() - {file.name for file in files}]
    dropped = [_run(client, "views", file, [f"DROP VIEW IF EXISTS `{file.name}`"], "") for file in gone]
    return dropped + [
        _run(client, "views", file, [f"CREATE OR REPLACE VIEW `{file.name}` AS\n{file.text}"]) for file in stale
    ]


def _in_order(views: list[SqlFile]) -> list[SqlFile]:
    """A view after those that it reads."""
    by_name = {view.name: view for view in views}
    reads = {v.name: {n for n in by_name if n != v.name and f" {n}" in v.text} for v in views}
    return [by_name[name] for name in TopologicalSorter(reads).static_order()]


def _of(done: pl.DataFrame, kind: str) -> pl.DataFrame:
    return done.filter(pl.col("kind") == kind)


def _run(client: Client, kind: str, file: SqlFile, statements: list[str], checksum: str | None = None) -> str:
    for statement in statements:
        client.command(statement)
    now = datetime.now(UTC)
    row = {
        "kind": kind,
        "name": file.name,
        "checksum": file.checksum if checksum is None else checksum,
        "applied_at": now,
        "_ver": int(now.timestamp() * 1000),
    }
    insert(
        client,
        "meta_migrations",
        pl.DataFrame([row], schema_overrides={"applied_at": pl.Datetime("ms", "UTC")}),
    )
    logger.info("applied %s/%s", kind, file.name)
    return f"{kind}/{file.name}"
