"""One BACKUP or RESTORE, from its statement to its end, and what went wrong in plain words without a secret."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from tasks.errors import WarehouseError
from tasks.load.backup_place import Place
from tasks.load.frames import select
from tasks.load.warehouse import essence

_LOOK_AGAIN = 0.1, 2.0
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


def run(client: Client, where: Place, name: str, statement: str, cluster: str | None) -> int:
    """Run it and wait until it is over: the backup's size in bytes. Raises WarehouseError."""
    try:
        return _wait(client, statement, where.parameters(name), cluster)
    except (ClickHouseError, _EngineError) as error:
        words = _words(where.without_secrets(str(error)), where, name)
    # Not with the error as its cause: a traceback in a log would show the statement with its secrets.
    raise WarehouseError(words)


def _wait(client: Client, statement: str, parameters: Mapping[str, str], cluster: str | None) -> int:
    """Not in one request: the driver, or a proxy on the way, would give it up after some minutes."""
    ((run_id, _),) = client.query(f"{statement} ASYNC", parameters=dict(parameters)).result_rows
    source = f"clusterAllReplicas('{cluster}', system.backups)" if cluster else "system.backups"
    progress = f"SELECT toString(status) AS status, compressed_size, error FROM {source} WHERE id = {{id:String}}"
    pause, longest = _LOOK_AGAIN
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
        return f"There is no backup {name} in {where.words}.{_others(where)}"
    plain = _PLAIN_WORDS.get(code, "ClickHouse answered")
    return f"The backup {name} in {where.words} came to nothing. {plain}: {essence(text)}"


def _others(where: Place) -> str:
    """The newest backups, where they lie on this machine."""
    if where.folder is None:
        return ""
    made = sorted(where.folder.glob("*/.backup"), key=lambda path: path.stat().st_mtime, reverse=True)
    names = ", ".join(path.parent.name for path in made[:5])
    return f" The newest there: {names}." if names else " There is none at all."
