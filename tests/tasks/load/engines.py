"""A warehouse on either engine: the embedded one, and a real server over HTTP."""

import json
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client

from tasks.load.migrate import migrate
from tasks.load.warehouse import warehouse
from tasks.settings import Settings

BOTH = ["embedded", pytest.param("server", marks=pytest.mark.slow)]


@pytest.fixture(autouse=True)
def _no_flow_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Prefect, once imported by any test, warns of every log line that belongs to no flow run."""
    logger = logging.getLogger("zakaz")
    monkeypatch.setattr(logger, "handlers", [])
    monkeypatch.setattr(logger, "propagate", True)


def settings_of(engine: str, request: pytest.FixtureRequest, make: Callable[..., Settings]) -> Settings:
    if engine == "embedded":
        return embedded(make())
    dsn, database = (request.getfixturevalue(f"clickhouse_{name}") for name in ("dsn", "database"))
    return make(clickhouse_dsn=dsn, clickhouse_database=database)


def place_of(engine: str, request: pytest.FixtureRequest, folder: pytest.TempPathFactory) -> Iterator[Settings]:
    """A warehouse with the schema for all tests of a module, see `emptied`."""
    if engine == "embedded":
        made = embedded(Settings(_env_file=None, clickhouse_dsn=f"chdb://{folder.mktemp('module') / 'warehouse'}"))
        with warehouse(made):  # The engine starts anew with each connection where none is open.
            yield made
        return
    dsn = request.getfixturevalue("clickhouse_dsn")
    name = f"zakaz_test_{request.module.__name__.rpartition('.')[2]}"
    settings = Settings(_env_file=None, clickhouse_dsn=dsn, clickhouse_database=name)
    with warehouse(settings) as client:
        client.command(f"DROP DATABASE IF EXISTS {name} SYNC")
    with warehouse(settings) as client:
        migrate(client)
    yield settings
    with warehouse(settings) as client:
        client.command(f"DROP DATABASE {name} SYNC")


def embedded(settings: Settings) -> Settings:
    """The same, with the schema in its folder, if there is none yet: copied, since to make it takes several times as
    long."""
    folder = Path(settings.clickhouse_dsn.get_secret_value().removeprefix("chdb://"))
    if not folder.exists():
        shutil.copytree(_schema(), folder, symlinks=True)
    return settings


@cache
def _schema() -> Path:
    """The folder of a warehouse with the schema, made once a process and gone with its home."""
    folder = Path(tempfile.mkdtemp(dir=os.environ["ZAKAZ_HOME"])) / "warehouse"
    with warehouse(Settings(_env_file=None, clickhouse_dsn=f"chdb://{folder}")) as client:
        migrate(client)
    return folder


def emptied(client: Client) -> Client:
    """Without a row of the test before. Making the schema anew takes far longer."""
    tables = (
        "SELECT DISTINCT table FROM system.parts "
        "WHERE active AND database = currentDatabase() AND table NOT LIKE 'meta_migrations%'"
    )
    for (table,) in values(client, tables):
        client.command(f"TRUNCATE TABLE {table}")
    return client


def put(client: Client, table: str, *lines: Mapping[str, object]) -> None:
    """Rows as a test writes them: columns that are left out are empty or zero, the account is `main`, others than the
    table's are passed over."""
    ordinary = {"_ver": 1, "account": "main"}
    text = "\n".join(json.dumps({**ordinary, **line}, default=str) for line in lines)
    how = "SETTINGS input_format_skip_unknown_fields = 1"
    client.command(f"INSERT INTO {table} {how} FORMAT JSONEachRow\n{text}")


def rows(client: Client, sql: str) -> list[dict[str, Any]]:
    """The answer by another way than the code under test takes: JSON text, with money as text, `1.50`."""
    how = {"output_format_json_quote_decimals": 1, "output_format_decimal_trailing_zeros": 1}
    text = client.raw_query(sql, fmt="JSONEachRow", settings=how).decode()
    return [json.loads(line) for line in text.split("\n") if line]


def values(client: Client, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in rows(client, sql)]
