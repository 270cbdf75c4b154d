"""Backup and restore of the whole database, by the engine's own BACKUP and RESTORE.

BACKUP takes each table as it is at one moment, while loads go on; two tables may be some moments apart. A load that
was between a table and its mart leaves them so in the backup, and the first load after a restore compares them all.
Users, roles and settings of a server are no part of it, nor is the landing area.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import polars as pl
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from tasks.errors import UsageError, WarehouseError
from tasks.exposure import make_private, remedy
from tasks.load.backup_place import Place, place, prune
from tasks.load.cluster import everywhere
from tasks.load.frames import select
from tasks.load.migrate import migrate
from tasks.load.sql import sql_files
from tasks.load.unfinished import note_all_days
from tasks.load.warehouse import essence, warehouse
from tasks.settings import Settings
from tasks.translation import numbered

logger = logging.getLogger("zakaz.load")

_INSIDE = "zakaz"
"""The database's name in every backup, so that it can be restored without knowing where it was made."""
_POLL_SECONDS = 0.1, 2.0
"""First and longest pause between two looks at a backup's progress."""
_BUSY = ("CREATING_BACKUP", "RESTORING")
_CODE = re.compile(r"Code: (\d+)")
_PLAIN_WORDS = {
    318: "The server's configuration does not allow backups there (backups.allowed_disk)",
    479: "The server has no such disk",
    497: "This ClickHouse user lacks a right: `zakaz access` says which role has it",
    605: "It was not made by `zakaz backup`",
}
_THERE_ALREADY, _NOT_THERE = 598, 599


class _EngineError(Exception):
    """What `system.backups` says of a backup that failed."""


@dataclass(frozen=True)
class BackedUp:
    """`rows` as they are stored, superseded ones too, when it began; `size` in bytes."""

    name: str
    place: str
    tables: int
    rows: int
    size: int

    def __str__(self) -> str:
        what = f"{numbered(self.tables, 'table')}, {numbered(self.rows, 'row')}, {_size(self.size)}"
        return f"{self.name}: {what}, kept in {self.place}"


@dataclass(frozen=True)
class Restored:
    """`rows` of each table, as stored; `applied`: what `migrate` had to do, as in an earlier version's backup."""

    name: str
    database: str
    rows: dict[str, int]
    applied: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        total = (
            f"{self.name}: {numbered(len(self.rows), 'table')}, {numbered(sum(self.rows.values()), 'row')}, "
            f"in the database {self.database}"
        )
        return f"{total}; migrated {', '.join(self.applied)}" if self.applied else total


def backup(settings: Settings, name: str | None = None) -> BackedUp:
    """Back up the database CLICKHOUSE_DATABASE. Raises UsageError for a name that is none, and WarehouseError."""
    name = name or f"{settings.clickhouse_database}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    where = place(settings)
    where.check(name)
    _make(where.folder)
    with warehouse(_with_backup_user(settings)) as client:
        tables = _tables(client).filter("holds_rows")
        if tables.is_empty():
            raise WarehouseError(f"The database {client.database} holds no table, so there is nothing to back up.")
        statement = f"BACKUP DATABASE `{client.database}` AS `{_INSIDE}`{everywhere(client)} TO {where.function}"
        size = run(client, where, name, statement, settings.clickhouse_cluster)
    done = BackedUp(name, where.words, tables.height, int(tables["rows"].sum()), size)
    if where.folder and (stale := prune(where.folder, settings.backup_keep)):
        logger.info("removed %s", ", ".join(stale))
    return done


def _make(folder: Path | None) -> None:
    """The engine would say what is wrong with it in words of C++."""
    if folder is not None:
        try:
            make_private(folder)
            TemporaryFile(dir=folder).close()
        except OSError as error:
            raise WarehouseError(
                f"The folder {folder} of BACKUP_URL cannot be written: {error.strerror}.{remedy(error)}"
            ) from None


def restore(settings: Settings, name: str, into: str | None = None) -> Restored:
    """Bring back a backup into a database that holds no table, and prove that it is whole.

    What a damaged backup leaves is removed. Raises UsageError for a wrong name, and WarehouseError.
    """
    database = into or settings.clickhouse_database
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", database):
        raise UsageError("The name of a database is made of Latin letters, digits and _, and begins with a letter.")
    where = place(settings)
    where.check(name)
    if where.folder is not None and not (where.folder / name / ".backup").exists():
        raise WarehouseError(_no_backup(name, where))  # Before anything is said of what is there.
    with warehouse(settings) as client:
        was_there = (database,) in client.query("SHOW DATABASES").result_rows
        _refuse_to_overwrite(client, database)
        statement = f"RESTORE DATABASE `{_INSIDE}` AS `{database}`{everywhere(client)} FROM {where.function}"
        try:
            run(client, where, name, statement, settings.clickhouse_cluster)
            client.database = database
            rows = _proved(client, name)
        except (WarehouseError, ClickHouseError):
            _remove(client, database, was_there)
            raise
        applied = migrate(client)
        # Tables of one backup may be moments apart, so that a mart shows less than what it is made of.
        note_all_days(client, [file.name for file in sql_files("marts")])
        return Restored(name, database, rows, applied)


def run(client: Client, where: Place, name: str, statement: str, cluster: str | None) -> int:
    """Run it and wait until it is over: the backup's size in bytes. Raises WarehouseError."""
    try:
        return _wait(client, statement, where.parameters(name), cluster)
    except (ClickHouseError, _EngineError) as error:
        words = _words(where.without_secrets(str(error)), where, name)
    # Not with the error as its cause: a traceback in a log would show the statement with its secrets.
    raise WarehouseError(words)


def _wait(client: Client, statement: str, parameters: Mapping[str, str], cluster: str | None) -> int:
    """Start it, then poll its progress: one long request would time out in the driver or in a proxy."""
    ((run_id, _),) = client.query(f"{statement} ASYNC", parameters=dict(parameters)).result_rows
    source = f"clusterAllReplicas('{cluster}', system.backups)" if cluster else "system.backups"
    progress = f"SELECT toString(status) AS status, compressed_size, error FROM {source} WHERE id = {{id:String}}"
    pause, longest = _POLL_SECONDS
    while True:
        found = select(client, progress, {"id": run_id})
        if found.is_empty():
            raise WarehouseError("The server was restarted meanwhile, so nobody knows how far it got. Begin again.")
        status, size, error = found.row(0)
        if error:
            raise _EngineError(error)
        if status not in _BUSY:
            return int(size)
        time.sleep(pause)
        pause = min(2 * pause, longest)


def _words(text: str, where: Place, name: str) -> str:
    found = _CODE.search(text)
    code = int(found[1]) if found else 0
    if code == _THERE_ALREADY:
        return f"There is a backup {name} in {where.words} already. Choose another name."
    if code == _NOT_THERE:
        return _no_backup(name, where)
    plain = _PLAIN_WORDS.get(code, "ClickHouse answered")
    return f"The backup {name} in {where.words} came to nothing. {plain}: {essence(text)}"


def _no_backup(name: str, where: Place) -> str:
    return f"There is no backup {name} in {where.words}.{_others(where)}"


def _others(where: Place) -> str:
    """The newest backups, where they lie on this machine."""
    if where.folder is None:
        return ""
    made = sorted(where.folder.glob("*/.backup"), key=lambda path: path.stat().st_mtime, reverse=True)
    names = ", ".join(path.parent.name for path in made[:5])
    return f" The newest there: {names}." if names else " There is none at all."


def _with_backup_user(settings: Settings) -> Settings:
    """With the user of BACKUP_DSN, where it is set: a loader may lack the right to back up."""
    return settings.model_copy(update={"clickhouse_dsn": settings.backup_dsn}) if settings.backup_dsn else settings


def _tables(client: Client, database: str | None = None) -> pl.DataFrame:
    """name, engine, holds_rows, rows: of a view there are none. Needs no right to read the tables."""
    return select(
        client,
        "SELECT name, engine, engine LIKE '%MergeTree' AS holds_rows, ifNull(total_rows, 0) AS rows "
        "FROM system.tables WHERE database = {database:String} ORDER BY name",
        {"database": database or client.database},
    ).with_columns(pl.col("holds_rows").cast(pl.Boolean))


def _refuse_to_overwrite(client: Client, database: str) -> None:
    tables = _tables(client, database)
    if tables.is_empty():
        return
    raise WarehouseError(
        f"The database {database} is not empty: it has {tables.height} tables and views. Restore into another one "
        "with --into NAME, which proves the backup; only then drop this one, if it is to give way: "
        f'zakaz sql "DROP DATABASE {database} SYNC".'
    )


def _proved(client: Client, name: str) -> dict[str, int]:
    """Rows by table. RESTORE accepts a file whose bytes were changed; CHECK TABLE compares all checksums."""
    tables = _tables(client).filter("holds_rows")
    how: dict[str, Any] = {"check_query_single_value_result": 1}
    broken = [
        table
        for table in tables["name"]
        if client.raw_query(f"CHECK TABLE `{table}`", fmt="TSV", settings=how).strip() != b"1"
    ]
    if broken:
        raise WarehouseError(
            f"The backup {name} is damaged: checksums of {', '.join(broken)} differ. Nothing of it was kept; "
            "restore an earlier one."
        )
    return dict(tables.select("name", "rows").iter_rows())


def _remove(client: Client, database: str, keep: bool) -> None:
    """Remove the tables that a failed restore created; with `keep` the database itself stays."""
    here = everywhere(client)
    try:
        for table in _tables(client, database)["name"]:
            client.command(f"DROP TABLE IF EXISTS `{database}`.`{table}`{here} SYNC")
        if not keep:
            client.command(f"DROP DATABASE IF EXISTS `{database}`{here} SYNC")
    except ClickHouseError:
        logger.warning("what was restored into %s could not be removed: drop that database", database)


def _size(size: int) -> str:
    units = ("B", "KB", "MB", "GB", "TB")
    power = min(len(units) - 1, max(0, len(str(size)) - 1) // 3)
    return f"{size / 1000**power:.1f} {units[power]}" if power else f"{size} B"
