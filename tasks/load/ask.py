"""Any SQL that a person or a program wants to run on the warehouse, answered in any ClickHouse format."""

from __future__ import annotations

import re

from clickhouse_connect.driver.client import Client

from tasks.errors import UsageError

_SETTINGS = {
    # `'vk_ads' AS source` must not hide the column `source` in the same query's WHERE.
    "prefer_column_name_to_alias": 1,
    # today() is the Moscow day, wherever the computer stands.
    "session_timezone": "Europe/Moscow",
    # 100.50 is money, 100.5 is not.
    "output_format_decimal_trailing_zeros": 1,
}
_ANSWERS = re.compile(
    r"(?is)\A(?:\s|(?:--|//|#[ !])[^\n]*\n|/\*.*?\*/|\()*"
    r"(SELECT|WITH|FROM|SHOW|DESC|DESCRIBE|EXPLAIN|EXISTS|CHECK|KILL)\b"
)
_FORMAT = re.compile(r"(?is)\bFORMAT\s+\w+(?:\s+SETTINGS\s.*)?\s*\Z")


def ask(client: Client, sql: str, fmt: str | None, *, pretty: bool) -> bytes:
    """The answer's bytes; of a statement that has none, nothing. `pretty`: a person looks at a terminal."""
    sql = sql.strip().rstrip(";").rstrip()
    if not _ANSWERS.match(sql):
        client.command(sql)
        return b""
    if fmt and _FORMAT.search(sql):
        raise UsageError("The statement names a format already; leave out --format.")
    settings = {**_SETTINGS, "output_format_pretty_color": int(pretty)}
    chosen = fmt or (None if _FORMAT.search(sql) else "PrettyCompactMonoBlock")
    return client.raw_query(sql, fmt=chosen, settings=settings)
