"""The schema: numbered migrations, applied once and never edited, and views, replaced when they or the tables
changed."""

from __future__ import annotations

import hashlib
import logging
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from graphlib import TopologicalSorter
from pathlib import Path

import polars as pl
from clickhouse_connect.driver.client import Client

from tasks.errors import EmptyWarehouseError, WarehouseError
from tasks.load.cluster import everywhere, fit, run
from tasks.load.frames import insert, select
from tasks.load.sql import SqlFile, sql_files
from tasks.load.unfinished import note_all_days
from tasks.load.warehouse import warehouse
from tasks.settings import SQL_DIR, Settings
from tasks.translation import numbered

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

# With the rights of who migrates, so that a reader of views needs none to the tables below. Not SECURITY NONE:
# whoever may make such a view may read every database of the server through it. The name rather than CURRENT_USER,
# which each server of a cluster would have to know for itself.
# The comment says what the view was made of: where two versions of Zakaz migrate at once, the ledger does not know
# which of them made it last.
_VIEW = """
CREATE OR REPLACE VIEW `{name}`{everywhere} DEFINER = `{definer}` SQL SECURITY DEFINER AS
{text}
COMMENT '{made_of}'
"""
_OURS = "Zakaz "
_one_at_a_time = threading.Lock()
"""Accounts are loaded side by side in one process."""


def migrate(client: Client, root: Path = SQL_DIR) -> list[str]:
    """Bring the schema up to date and name what was applied, e.g. `schema/0001_meta`.

    Raises WarehouseError where an applied migration was edited or is no longer there.
    """
    there = _Found.of(client)
    fit(client, there.ledger)
    if not there.ledger:
        run(client, _LEDGER)
    done, schema = _done(client), sql_files("schema", root)
    applied = _apply_schema(client, done, schema, root) + _apply_views(client, done, root, schema, there)
    if applied:
        logger.info("the schema is brought up to date: %s", numbered(len(applied), "file"))
    return applied


@dataclass(frozen=True)
class _Found:
    """What is there before, by one statement. `ledger`: the engine of the table of migrations, empty where there is
    none; `views`: name and comment of each of ours, and one that is being replaced has another name for a moment;
    `user`: who asks."""

    ledger: str
    views: frozenset[tuple[str, str]]
    user: str

    @classmethod
    def of(cls, client: Client) -> _Found:
        found = select(
            client,
            "SELECT anyIf(engine, name = 'meta_migrations') AS ledger, currentUser() AS user, groupArrayIf("
            "[name, comment], engine = 'View' AND startsWith(name, 'v_') AND startsWith(comment, {ours:String})) "
            "AS views FROM system.tables WHERE database = {database:String}",
            {"database": client.database, "ours": _OURS},
        ).row(0, named=True)
        return cls(found["ledger"], frozenset((name, comment) for name, comment in found["views"]), found["user"])


@contextmanager
def migrated(settings: Settings) -> Iterator[Client]:
    """A client of a warehouse whose schema was brought up to date. Raises what `warehouse` and `migrate` do."""
    with warehouse(settings) as client:
        with _one_at_a_time:
            migrate(client)
        yield client


@contextmanager
def look(settings: Settings) -> Iterator[Client]:
    """A client of a warehouse as it is: to look makes and changes nothing, also where another version of Zakaz
    loads. Raises EmptyWarehouseError, and WarehouseError where its schema is another version's."""
    with warehouse(settings, only_looks=True) as client:
        behind = not_applied(client)
        if behind is None:
            raise EmptyWarehouseError("Nothing is loaded yet: `zakaz load all`.")
        if behind:
            raise WarehouseError(
                "The warehouse was made by an older version of Zakaz: of the schema "
                f"{numbered(len(behind), 'file')} are newer. Run `zakaz migrate`, or any load, and look again."
            )
        yield client


def not_applied(client: Client, root: Path = SQL_DIR) -> list[str] | None:
    """What `migrate` would apply, whoever made the views; None where there is no schema at all. Raises
    WarehouseError as `migrate` does."""
    there = _Found.of(client)
    if not there.ledger:
        return None
    files = sql_files("schema", root)
    wanted = [f"schema/{file.name}" for file in _not_applied(client, _done(client), files)]
    made = {(name, comment.rpartition(" ")[0]) for name, comment in there.views}
    views = sql_files("views", root)
    made_of = _made_of(views, root, files)
    return wanted + [f"views/{file.name}" for file in views if (file.name, made_of) not in made]


def _done(client: Client) -> pl.DataFrame:
    return select(client, "SELECT kind, name, checksum, applied_at FROM meta_migrations FINAL WHERE checksum != ''")


def _apply_schema(client: Client, done: pl.DataFrame, files: list[SqlFile], root: Path) -> list[str]:
    wanted = _not_applied(client, done, files)
    if wanted:
        _refuse_foreign_tables(client, wanted)
    return [_apply(client, file, root) for file in wanted]


def _not_applied(client: Client, done: pl.DataFrame, files: list[SqlFile]) -> list[SqlFile]:
    known = {file.name: file.checksum for file in files}
    for name, checksum, applied_at in _of(done, "schema").select("name", "checksum", "applied_at").iter_rows():
        if known.get(name) != checksum:
            _refuse_without_accounts(client)
        if name not in known:
            raise WarehouseError(
                f"The warehouse has the migration {name}, which this version of Zakaz does not know. "
                "Update Zakaz; an older one cannot work on a newer warehouse."
            )
        if known[name] != checksum:
            raise WarehouseError(
                f"sql/schema/{name}.sql was changed after it was applied on {applied_at:%Y-%m-%d}. "
                "Restore it and write the change as a new migration."
            )
    applied = set(_of(done, "schema")["name"])
    return [file for file in files if file.name not in applied]


def _refuse_without_accounts(client: Client) -> None:
    """Of a version in which a source had one account: which rows are whose, nobody could tell."""
    columns = select(
        client,
        "SELECT name FROM system.columns WHERE database = {database:String} AND table = 'meta_job_runs'",
        {"database": client.database},
    )["name"]
    if len(columns) and "account" not in columns:
        raise WarehouseError(
            f"The warehouse {client.database} was made by a version of Zakaz that knew one account a source. It is "
            "as it was, and cannot be brought up to date. Set CLICKHOUSE_DATABASE (or CLICKHOUSE_DSN) to a new one "
            "and load the sources anew, long ranges with `zakaz backfill`."
        )


def _apply(client: Client, file: SqlFile, root: Path) -> str:
    for statement in file.statements:
        run(client, statement)
    _note_all_days(client, root)
    return _record(client, "schema", file.name, file.checksum)


def _note_all_days(client: Client, root: Path) -> None:
    """Before it is recorded what was applied: who dies in between applies it again."""
    note_all_days(client, [file.name for file in sql_files("marts", root)])


def _refuse_foreign_tables(client: Client, files: list[SqlFile]) -> None:
    """A table of such a name without `_ver` is another program's, and IF NOT EXISTS would keep it as it is."""
    names = re.findall(r"CREATE TABLE IF NOT EXISTS (\w+)", "\n".join(file.text for file in files))
    foreign = select(
        client,
        "SELECT name FROM system.tables WHERE database = {database:String} AND name IN {names:Array(String)} "
        "AND name NOT IN (SELECT table FROM system.columns WHERE database = {database:String} AND name = '_ver') "
        "ORDER BY name",
        {"database": client.database, "names": names},
    )["name"].to_list()
    if foreign:
        raise WarehouseError(
            f"The database {client.database} holds tables that another program made: {', '.join(foreign)}. They "
            f"are as they were. Set CLICKHOUSE_DATABASE to a new database, or rename this one: RENAME DATABASE "
            f"{client.database} TO {client.database}_before."
        )


def _apply_views(client: Client, done: pl.DataFrame, root: Path, schema: list[SqlFile], found: _Found) -> list[str]:
    files = _in_order(sql_files("views", root))
    # Whose rights they read with, see _VIEW. After a restore elsewhere there may be no such user; so they heal.
    definer = found.user
    made_of = f"{_made_of(files, root, schema)} {_digest([definer])}"
    wanted = {(file.name, made_of) for file in files}
    recorded, there = set(_of(done, "views").select("name", "checksum").iter_rows()), found.views
    gone = sorted({name for name, _ in recorded | there} - {name for name, _ in wanted})
    stale = files if wanted - (recorded & there) else []
    for name in gone:
        client.command(f"DROP VIEW IF EXISTS `{name}`{everywhere(client)}")
    for file in stale:
        client.command(
            _VIEW.format(
                name=file.name, everywhere=everywhere(client), definer=definer, text=file.text, made_of=made_of
            )
        )
    records = [(name, "") for name in gone] + [(file.name, made_of) for file in stale]
    if records:
        _note_all_days(client, root)
    return [_record(client, "views", name, checksum) for name, checksum in records]


def _made_of(views: list[SqlFile], root: Path, schema: list[SqlFile]) -> str:
    """How the comment of a view begins; who made it follows.

    A view keeps the columns and types that what it reads had when it was made, so all are replaced together, after
    a migration too; and after a change of a mart, whose days are to be compared then.
    """
    made_by = [*views, *sql_files("marts", root)]
    texts = [*sorted(f"{file.name} {file.checksum}" for file in made_by), schema[-1].name if schema else ""]
    return f"{_OURS}{_digest(texts)}"


def _digest(texts: list[str]) -> str:
    return hashlib.sha256(" ".join(texts).encode()).hexdigest()[:16]


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
    logger.debug("applied %s/%s", kind, name)
    return f"{kind}/{name}"
