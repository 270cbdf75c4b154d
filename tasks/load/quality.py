"""Checks of the data, one SQL file each in `sql/quality`: read, run, judged. Adding a check is adding a file.

A file begins with a header of comments: title, why, severity (warn, fail), sources, and `param: name = number`
lines. Its last statement returns the rows that break the check, the first column `what` saying it in words. A
statement before it, if any, returns a row where the check cannot be judged, and why: too little data is no alarm.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
from clickhouse_connect.driver.client import Client

from tasks.errors import ZakazError
from tasks.load.frames import insert, select
from tasks.load.runs import Run
from tasks.load.sql import SqlFile, sql_files
from tasks.load.upsert import merge
from tasks.settings import SQL_DIR

TABLE = "meta_quality_checks"
SAMPLE_ROWS = 5
_HEADER = re.compile(r"(?m)^-- (title|why|severity|sources|param): (.+)$")


@dataclass(frozen=True)
class Check:
    name: str
    title: str
    why: str
    severity: str
    sources: tuple[str, ...]
    parameters: Mapping[str, float]
    unjudged_sql: str | None
    sql: str


@dataclass(frozen=True)
class Result:
    """`status`: ok, broken or unjudged. `observed`: how many rows break the check; `sample`: some of them."""

    check: Check
    status: str
    observed: int
    message: str
    sample: list[dict[str, Any]]

    @property
    def fails(self) -> bool:
        return self.status == "broken" and self.check.severity == "fail"

    @property
    def warns(self) -> bool:
        return self.status == "broken" and self.check.severity == "warn"


def checks(root: Path = SQL_DIR) -> list[Check]:
    """All checks by name. Raises ZakazError for a file whose header lacks something."""
    return [_parsed(file) for file in sql_files("quality", root)]


def judge(client: Client, check: Check, today: date, parameters: Mapping[str, float]) -> Result:
    """`today` is the Moscow day; `parameters` win over the file's own."""
    known = dict(check.parameters) | {name: value for name, value in parameters.items() if name in check.parameters}
    values: dict[str, Any] = {"today": today, **known}
    if check.unjudged_sql:
        reason = select(client, check.unjudged_sql, values)
        if reason.height:
            return Result(check, "unjudged", 0, str(reason.item(0, 0)), [])
    rows = select(client, check.sql, values)
    if rows.is_empty():
        return Result(check, "ok", 0, "", [])
    more = f" (and {rows.height - 1} more)" if rows.height > 1 else ""
    return Result(check, "broken", rows.height, f"{rows.item(0, 'what')}{more}", rows.head(SAMPLE_ROWS).to_dicts())


def record(client: Client, run: Run, today: date, results: list[Result]) -> None:
    rows = [
        {
            "check_name": result.check.name,
            "run_id": run.run_id,
            "checked_at": run.started_at,
            "day": today,
            "severity": result.check.severity,
            "status": result.status,
            "observed": result.observed,
            "expected": 0,
            "message": result.message,
            "sample": json.dumps(result.sample, ensure_ascii=False, default=str),
            "_ver": run.version,
        }
        for result in results
    ]
    insert(client, TABLE, pl.DataFrame(rows, schema_overrides={"checked_at": pl.Datetime("ms", "UTC")}))
    merge(client, TABLE)


def _parsed(file: SqlFile) -> Check:
    header: dict[str, list[str]] = {}
    for name, value in _HEADER.findall(file.text):
        header.setdefault(name, []).append(value.strip())
    absent = [name for name in ("title", "why", "severity", "sources") if name not in header]
    if absent or header["severity"][0] not in ("warn", "fail"):
        raise ZakazError(
            f"sql/quality/{file.name}.sql has no proper {', '.join(absent) or 'severity'} in its header."
        )
    parameters = dict(line.split("=") for line in header.get("param", []))
    statements = file.statements
    return Check(
        file.name,
        header["title"][0],
        header["why"][0],
        header["severity"][0],
        tuple(source.strip() for source in header["sources"][0].split(",")),
        {name.strip(): float(value) for name, value in parameters.items()},
        statements[0] if len(statements) > 1 else None,
        statements[-1],
    )
