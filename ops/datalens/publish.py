"""Bring a workbook to what the definitions say: what is missing is made, what was made of another definition is
changed in place, the rest is left as it is. No entry is ever deleted, and none touched that Zakaz did not make.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from datalens_sdk import DataLensClientYC, Workbook

from ops.datalens.boards import ChartEntry, DashboardEntry
from ops.datalens.client import connected
from ops.datalens.datasets import DatasetEntry
from ops.datalens.definitions import Definitions, definitions
from ops.datalens.entries import ConnectionEntry, Entry
from tasks.errors import UsageError
from tasks.settings import Settings, require

READER = "datalens_reader"
_CONNECTION = "connection"


@dataclass(frozen=True)
class Step:
    """`verb`: create, update or leave."""

    verb: str
    word: str
    name: str


def publish(settings: Settings, *, dry_run: bool = False, new_password: bool = False) -> Iterator[Step]:
    """Each entry, when it is done; with `dry_run` nothing is. `new_password`: the connection gets the password
    again, which DataLens tells nobody. Raises SettingsError, SourceError, and UsageError where an entry of somebody
    else has the name of ours."""
    entries = entries_of(definitions(), settings)
    workbook = require(settings, "DATALENS_WORKBOOK")
    with connected(settings) as client:
        place = client.get.workbook(by_id=workbook)
        found = _ours(client, entries, place)
        made = dict(found)
        for entry in entries:
            ids = {key: made[key].id for key in entry.needs if key in made}
            mark, before = entry.mark(ids), found.get(entry.key)
            is_same = before is not None and entry.mark_of(before) == mark
            is_same &= not (new_password and entry.key == _CONNECTION)
            verb = "create" if before is None else "leave" if is_same else "update"
            if verb != "leave" and not dry_run:
                made[entry.key] = entry.make(client, place, made, before, mark)
            yield Step(verb, entry.word, entry.name)


def _ours(client: DataLensClientYC, entries: list[Entry], workbook: Workbook) -> dict[str, Any]:
    """What is there already, by key. Raises UsageError before anything is written."""
    # A listing may give a name with its folders.
    there = {(one.scope, (one.name or "").rpartition("/")[2]): one.id for one in workbook.list_entries()}
    found, foreign = {}, []
    for entry in entries:
        if entry_id := there.get((entry.scope, entry.name)):
            one = entry.get(client, entry_id)
            if entry.mark_of(one) is None:
                foreign.append(f"{entry.word} «{entry.name}»")
            found[entry.key] = one
    if foreign:
        raise UsageError(
            f"The workbook has {', '.join(foreign)}, which Zakaz did not make or whose description lost its mark. "
            "Rename it there, or take another workbook. Nothing was changed."
        )
    return found


def entries_of(defined: Definitions, settings: Settings) -> list[Entry]:
    """All of them, each after those that it is built on. Raises SettingsError."""
    connection = ConnectionEntry(
        key=_CONNECTION, title="ClickHouse", login=_login(settings), password=require(settings, "DATALENS_PASSWORD")
    )
    datasets = [
        DatasetEntry(
            key=f"dataset {view}", title=view, about=one.about, needs=(_CONNECTION,), view=view,
            database=settings.clickhouse_database, columns=defined.columns_of(view),
            formulas=defined.formulas_of(view),
        )
        for view, one in defined.datasets.items()
    ]  # fmt: skip
    charts = [
        ChartEntry(key=f"chart {key}", title=one.title, needs=(f"dataset {one.dataset}",), chart=one)
        for key, one in defined.charts.items()
    ]
    dashboard = DashboardEntry(
        key="dashboard", title=defined.dashboard.title, needs=tuple(one.key for one in (*datasets, *charts)),
        dashboard=defined.dashboard, charts=defined.charts, datasets=defined.datasets,
    )  # fmt: skip
    return [connection, *datasets, *charts, dashboard]


def _login(settings: Settings) -> dict[str, str | int | None]:
    """As docs/datalens.md has it for those who make the connection by hand."""
    return {
        "host": require(settings, "DATALENS_CLICKHOUSE_HOST"),
        "port": settings.datalens_clickhouse_port,
        "db_name": settings.clickhouse_database,
        "username": READER,
        "cache_ttl_sec": 300,
        "raw_sql_level": "subselect",
        "secure": "on",
        "ssl_ca_verify": "on",
        "ssl_ca": file.read_text(encoding="utf-8") if (file := settings.datalens_ca_file) else None,
        "readonly": 2,
    }
