"""Any SQL that a person or a program wants to run on the warehouse, answered in any ClickHouse format."""

from __future__ import annotations

import re

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from tasks.errors import UsageError
from tasks.harmless import for_spreadsheet, whole_for_terminal
from tasks.load.frames import select
from tasks.load.sql import sql_files
from tasks.load.unfinished import TABLE, note_all_days
from tasks.load.warehouse import keeps_others_out, warehouse
from tasks.settings import Settings
from tasks.unread import did_you_mean

_SETTINGS = {
    # `'vk_ads' AS source` must not hide the column `source` in the same query's WHERE.
    "prefer_column_name_to_alias": 1,
    # today() is the Moscow day, whatever the time zone of the computer.
    "session_timezone": "Europe/Moscow",
    # 100.50 is money, 100.5 is not.
    "output_format_decimal_trailing_zeros": 1,
    # Where a table is coloured, colours that came with a text look like its own.
    "output_format_pretty_color": 0,
}
_ANSWERS = re.compile(
    r"(?is)\A(?:\s|(?:--|//|#[ !])[^\n]*\n|/\*.*?\*/|\()*"
    r"(SELECT|WITH|FROM|SHOW|DESC|DESCRIBE|EXPLAIN|EXISTS|CHECK|KILL)\b"
)
_LOADED = re.compile(r"\b(stg|dim|fact|agg)_")
"""How the names of those tables begin from which marts are made, and of marts."""
_FORMAT = re.compile(r"(?is)\bFORMAT\s+(\w+)(?:\s+SETTINGS\s.*)?\s*\Z")
_TABLE = "PrettyCompactMonoBlock"
_UNKNOWN_TABLE = 60
_NAMED = re.compile(r"expression identifier [`']([^`']+)|Table ([\w.`]+) does(?: not|n't) exist")
_QUOTED = re.compile(r'"((?:[^"]|"")*)"')
"""In CSV of ClickHouse every text, and no number, whatever the delimiter."""


def run_query(
    client: Client, sql: str, fmt: str | None, *, raw: bool = False, seen: bool = False, query_id: str = ""
) -> bytes:
    """The answer's bytes; of a statement that has none, nothing. `query_id`: by which `stop_query` finds it.

    Made harmless: output for a terminal (`seen`), the table that is printed without a format, and CSV, which
    spreadsheets open. `raw`: every byte is ClickHouse's.
    """
    sql = sql.strip().rstrip(";").rstrip()
    try:
        return _run(client, sql, fmt, raw, seen, {"query_id": query_id} if query_id else {})
    except ClickHouseError as error:
        if getattr(error, "code", None) == _UNKNOWN_TABLE and (name := _NAMED.search(str(error))):
            raise UsageError(_no_table(client, (name[1] or name[2]).replace("`", "").rsplit(".", 1)[-1])) from None
        raise


def stop_query(settings: Settings, query_id: str) -> None:
    """End a query of this user at the server, which goes on with it for nobody when the connection closes."""
    if not keeps_others_out(settings):
        with warehouse(settings, only_looks=True) as client:
            client.command("KILL QUERY WHERE query_id = {id:String} SYNC", {"id": query_id})


def _no_table(client: Client, name: str) -> str:
    known = select(client, "SELECT name FROM system.tables WHERE database = {d:String}", {"d": client.database})[
        "name"
    ]
    if known.is_empty():
        return "There is nothing in the warehouse yet. Run `zakaz migrate`, or any load."
    near = did_you_mean(name, known.to_list(), 0.5)
    return f'There is no table or view {name}{near or "."} `zakaz sql "SHOW TABLES"` lists them.'


def _run(client: Client, sql: str, fmt: str | None, raw: bool, seen: bool, known_as: dict[str, str]) -> bytes:
    if not _ANSWERS.match(sql):
        client.command(sql, settings=known_as)
        if _LOADED.search(sql):
            _have_marts_compared(client)
        return b""
    named = _FORMAT.search(sql)
    if fmt and named:
        raise UsageError("The statement names a format already; leave out --format.")
    chosen = named[1] if named else fmt or _TABLE
    reply = client.raw_query(sql, fmt=None if named else chosen, settings=_SETTINGS | known_as)
    if raw:
        return reply
    if chosen.upper().startswith("CSV"):
        reply = _without_formulas(reply)
    return whole_for_terminal(reply.decode(errors="replace")).encode() if seen or chosen == _TABLE else reply


def _have_marts_compared(client: Client) -> None:
    """By the next load: of which days the rows were that a person deleted, it cannot know."""
    sql = "SELECT count() FROM system.tables WHERE database = {database:String} AND name = {name:String}"
    if select(client, sql, {"database": client.database, "name": TABLE.name}).item():
        note_all_days(client, [file.name for file in sql_files("marts")])


def _without_formulas(csv: bytes) -> bytes:
    text = csv.decode(errors="surrogateescape")
    return _QUOTED.sub(lambda found: f'"{for_spreadsheet(found[1])}"', text).encode(errors="surrogateescape")
