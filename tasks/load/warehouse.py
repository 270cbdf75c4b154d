"""Connect to the warehouse: one client for the embedded engine and for a server, errors in plain words.

The embedded engine lets one process in at a time and answers a second one with "Code: 36", so its folder is
locked first, for a bounded time, and whoever holds it is named.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import clickhouse_connect
from clickhouse_connect import common
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError
from filelock import FileLock, Timeout

from tasks.errors import EmptyWarehouseError, SettingsError, WarehouseError
from tasks.exposure import make_private, remedy
from tasks.load.address import Address, address
from tasks.load.backup_place import backup_folder
from tasks.load.cluster import SETTINGS, everywhere, spread
from tasks.settings import Settings
from tasks.window import MOSCOW

logger = logging.getLogger("zakaz.warehouse")

# The driver logs what it raises, and the error is reported once, here.
logging.getLogger("clickhouse_connect").setLevel(logging.CRITICAL)
# Nothing is kept in a session, and a statement that was given up would lock it for the next one.
common.set_setting("autogenerate_session_id", False)

_CLIENT_SETTINGS = {
    # A null for a column that takes none must be an error, not a silent 0.
    "input_format_null_as_default": 0,
    # An insert is done when it is there: reconciling reads right after.
    "async_insert": 0,
    # A load opens the partitions that it asks for alone. No row has versions in two of them: see `remove_strays`.
    "do_not_merge_across_partitions_select_final": 1,
    # A backfill of many years opens more monthly partitions than an interactive insert should.
    "max_partitions_per_insert_block": 0,
}
_EMBEDDED = dict.fromkeys(("compile_expressions", "compile_aggregate_expressions", "compile_sort_description"), 0)
"""What is compiled is gone with the process, before it has saved as much time as it took."""
_NO_WORK = "background_processing_pool_task_sleep_seconds_when_no_work"
MERGE_SLEEPS = {
    "background_processing_pool_thread_sleep_seconds_if_nothing_to_do": "0.05",
    f"{_NO_WORK}_random_part": "0",
    f"{_NO_WORK}_multiplier": "2",
}
"""Of the tasks that look for merges, one a table: with the engine's own a DELETE waits up to a second for a merge
that has ended, and hundreds of tables that nobody uses cost a server much of its time."""
_PLAIN_WORDS = {
    60: "A table is missing. Run `zakaz migrate`",
    81: "The database is missing. Run `zakaz migrate`",
    164: "The warehouse is read-only for this user",
    193: "ClickHouse refused the password in CLICKHOUSE_DSN",
    241: "ClickHouse ran out of memory for this query",
    497: "This ClickHouse user lacks a right",
    701: "CLICKHOUSE_CLUSTER is no cluster of this server; `SELECT cluster FROM system.clusters` names them",
    516: "ClickHouse refused the user or password in CLICKHOUSE_DSN, or lets this user in from elsewhere only",
}
_UNREACHED = {
    "Temporary failure in name resolution": "unknown host: the name server does not answer",
    "Failed to resolve": "unknown host: no such name",
    "Connection refused": "connection refused",
    "CERTIFICATE_VERIFY_FAILED": "its certificate is not trusted",
    "[SSL": "no TLS on this port",
}
_NO_RIGHT = (164, 497)
_SILENT_SECONDS = 2
"""So long nobody wonders why nothing happens."""


class _Kept:
    """What a block of this thread keeps open for those within it: a client takes four statements to make, and the
    embedded engine a sixth of a second to start. Without a client while others have the warehouse."""

    def __init__(self) -> None:
        self.client: Client | None = None
        self.until_let_go = ExitStack()

    def let_go(self) -> None:
        self.client = None
        self.until_let_go.close()


_open_here = threading.local()
"""What this thread keeps, by warehouse."""
_clients: list[Client] = []
"""Of the embedded engine, of all threads."""
_counting = threading.Lock()


@contextmanager
def kept_open(settings: Settings) -> Iterator[None]:
    """Within such a block what a `warehouse` block of the thread opens stays open for the next ones."""
    with _kept(settings):
        yield


def let_go(settings: Settings) -> None:
    """Close the client of this thread, though blocks around may keep it: the next block opens one anew. Where a
    signal may have interrupted a statement."""
    if kept := _kept_here(settings):
        kept.let_go()


@contextmanager
def lent(settings: Settings) -> Iterator[None]:
    """While this thread asks a source or a chat, which may take minutes: of the embedded warehouse, which lets one
    process in, others wait for two seconds at most. Sooner it is not closed, since it takes its time to start, but
    where that fails: it may be asked again after a pause."""
    kept = _kept_here(settings)
    if kept is None or not keeps_others_out(settings):
        yield
        return
    timer = threading.Timer(_SILENT_SECONDS, kept.let_go)
    timer.daemon = True
    timer.start()
    has_answered = False
    try:
        yield
        has_answered = True
    finally:
        timer.cancel()
        timer.join()
        if not has_answered:
            kept.let_go()


def _kept_here(settings: Settings) -> _Kept | None:
    open_here: dict[Any, _Kept] = _open_here.__dict__
    return open_here.get(_name(settings))


@contextmanager
def _kept(settings: Settings) -> Iterator[_Kept]:
    open_here: dict[Any, _Kept] = _open_here.__dict__
    name = _name(settings)
    if name in open_here:
        yield open_here[name]
        return
    open_here[name] = kept = _Kept()
    try:
        yield kept
    finally:
        del open_here[name]
        kept.let_go()


def _name(settings: Settings) -> tuple[str, str, str | None]:
    return settings.clickhouse_dsn.get_secret_value(), settings.clickhouse_database, settings.clickhouse_cluster


@contextmanager
def warehouse(settings: Settings, *, only_looks: bool = False) -> Iterator[Client]:
    """A client whose current database is CLICKHOUSE_DATABASE, which is created if need be, but for somebody who
    `only_looks`.

    Within such a block of the same thread it is the same client. Raises SettingsError and WarehouseError, of which
    EmptyWarehouseError is of somebody who looks; driver errors raised inside are turned into one as well.
    """
    where = _address(settings)
    if settings.clickhouse_cluster and where.folder:
        raise SettingsError("CLICKHOUSE_CLUSTER needs a server of that cluster in CLICKHOUSE_DSN, not a folder.")
    with _plain_errors(where.place), _kept(settings) as kept:
        if kept.client is None:
            with ExitStack() as opened:
                client = _open(opened, where, settings, only_looks)
                kept.client, kept.until_let_go = client, opened.pop_all()
        client = kept.client
        try:
            yield client
        finally:
            client.database = settings.clickhouse_database  # as the block around this one knows it


def keeps_others_out(settings: Settings) -> bool:
    """Whether nobody else can use the warehouse while this process has a client of it."""
    return _address(settings).folder is not None


def _address(settings: Settings) -> Address:
    return address(settings.clickhouse_dsn.get_secret_value(), settings.clickhouse_database)


def _open(stack: ExitStack, where: Address, settings: Settings, only_looks: bool) -> Client:
    if only_looks and where.folder and not where.folder.exists():
        raise EmptyWarehouseError(f"Nothing is loaded yet into {where.place}: `zakaz load all`.")
    try:
        chosen, options = _CLIENT_SETTINGS | (SETTINGS if settings.clickhouse_cluster else {}), dict(where.options)
        if where.folder:
            stack.enter_context(_lock(where.folder, settings.clickhouse_lock_wait))
            # The engine reads this when it starts, and a process may start it once: so not only where it backs up.
            backups = backup_folder(settings)
            options["chdb_options"] = MERGE_SLEEPS | ({"backups.allowed_path": str(backups)} if backups else {})
            chosen |= _EMBEDDED
        client = clickhouse_connect.get_client(settings=chosen, **options)
    except OSError as error:
        raise WarehouseError(
            f"The warehouse {where.place} cannot be used: {error.strerror or error}.{remedy(error)}"
        ) from error
    except ImportError:
        raise SettingsError(
            "The embedded engine is not installed. Set CLICKHOUSE_DSN to a ClickHouse server, or install "
            "zakaz[embedded]."
        ) from None
    except TypeError as error:
        option = re.search(r"argument '(\w+)'", str(error))
        named = f", {option[1]}," if option else ""
        raise SettingsError(
            f"CLICKHOUSE_DSN has an option after the ?{named} that the driver does not know."
        ) from None
    stack.callback(client.close)
    if where.folder:
        stack.enter_context(_counted(client, settings.clickhouse_database, only_looks))
    if settings.clickhouse_cluster:
        spread(client, settings.clickhouse_cluster)
    if not _has(client, settings.clickhouse_database):
        if only_looks:
            raise EmptyWarehouseError(
                f"There is no database {settings.clickhouse_database} at {where.place} that this user may see. "
                "A load creates it: `zakaz load all`."
            )
        _create(client, settings.clickhouse_database)
    client.database = settings.clickhouse_database
    return client


@contextmanager
def _counted(client: Client, database: str, only_looks: bool) -> Iterator[None]:
    """Among the clients of this process's engine: the last one of them tidies up."""
    with _counting:
        _clients.append(client)
    try:
        yield
    finally:
        with _counting:
            _clients.remove(client)
            if not _clients and not only_looks:
                _remove_merged_parts(client, database)


def _remove_merged_parts(client: Client, database: str) -> None:
    """What was merged into other parts the engine removes half a minute later, which no load lives to see: years of
    them would wait in the folder, and be looked at by each start. To drop a partition, even one that is not there,
    makes it look at once, and breaks off merges: nobody else may be at work."""
    with suppress(ClickHouseError):  # Whatever ended the block is what counts.
        tables = client.query(
            "SELECT DISTINCT table FROM system.parts WHERE database = {database:String} AND NOT active",
            {"database": database},
        )
        for (table,) in tables.result_rows:
            client.command(f"ALTER TABLE `{database}`.`{table}` DROP PARTITION ID 'none'")


def _has(client: Client, database: str) -> bool:
    return (database,) in client.query("SHOW DATABASES").result_rows


def _create(client: Client, database: str) -> None:
    try:
        client.command(f"CREATE DATABASE IF NOT EXISTS `{database}`{everywhere(client)}")
    except ClickHouseError as error:
        if getattr(error, "code", None) not in _NO_RIGHT:
            raise
        raise WarehouseError(
            f"There is no database {database} that this user may see, and it may not create one. "
            "Set CLICKHOUSE_DATABASE, or grant this user the right."
        ) from error


@contextmanager
def _plain_errors(place: str) -> Iterator[None]:
    try:
        yield
    except ClickHouseError as error:
        raise WarehouseError(_words(error, place)) from error


def _words(error: ClickHouseError, place: str) -> str:
    code = getattr(error, "code", None)
    if code in _PLAIN_WORDS:
        return f"{_PLAIN_WORDS[code]} ({place}): {essence(str(error))}"
    text = str(error)
    if text.endswith(" is readonly"):
        return f"{_PLAIN_WORDS[164]} ({place}): it may not even change settings of its own session."
    if "executing HTTP request" in text or "HTTPConnectionPool" in text:
        why = next((f" ({words})" for sign, words in _UNREACHED.items() if sign in text), "")
        return f"The warehouse {place} cannot be reached{why}. Is the server running, and CLICKHOUSE_DSN right?"
    if "Unable to open the chdb engine" in text:
        return f"The warehouse {place} cannot be opened: the folder is read-only, damaged or in use."
    return f"The warehouse {place} answered: {essence(str(error))}"


def essence(text: str) -> str:
    """The sentence of ClickHouse's message, on one line, without its code, version and stack, nor what else might
    have stood there."""
    sentence = " ".join(text.split()).split("DB::Exception: ", 1)[-1]
    return re.split(r" \((?:version|for url) |,? \(?Stack trace|\.? Expected one of: ", sentence)[0][:400]


@contextmanager
def _lock(folder: Path, wait: float) -> Iterator[None]:
    make_private(folder.parent)
    if folder.exists() and not os.access(folder, os.W_OK):
        raise WarehouseError(f"The warehouse {folder} is read-only. Give this user the right to write there.")
    # One lock object a path in this process, counted: steps of one run may nest.
    path = folder.with_name(folder.name + ".lock")
    lock = FileLock(path, thread_local=False, is_singleton=True)
    holder = folder.with_name(folder.name + ".holder")
    try:
        try:
            lock.acquire(timeout=min(_SILENT_SECONDS, wait))
        except Timeout:
            if wait > _SILENT_SECONDS:
                logger.warning("the warehouse is in use by %s: waiting, %g s at most", _who(holder), wait)
            lock.acquire(timeout=max(0, wait - _SILENT_SECONDS))
    except Timeout:
        raise WarehouseError(
            f"The warehouse {folder} is in use by {_who(holder)}. Waited {wait:g} s; try again when it is done."
        ) from None
    try:
        if lock.lock_counter == 1:
            holder.write_text(json.dumps(_me()))
        yield
    finally:
        if lock.lock_counter == 1:
            holder.unlink(missing_ok=True)
        lock.release()


def _me() -> dict[str, str | int]:
    # Words only: the text of a `zakaz sql` is long and may hold a secret.
    words = [word for word in sys.argv[1:3] if re.fullmatch(r"[\w-]+", word)]
    program = Path(sys.argv[0]).name
    command = "a run of Prefect" if program == "engine.py" else " ".join([program, *words])
    return {"pid": os.getpid(), "command": command, "since": f"{datetime.now(MOSCOW):%H:%M:%S} MSK"}


def _who(holder: Path) -> str:
    try:
        me = json.loads(holder.read_text())
        return f"process {me['pid']} ({me['command']}), since {me['since']}"
    except (OSError, ValueError, KeyError):
        return "another process"
