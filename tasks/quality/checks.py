"""Checks of the data, one SQL file each in `sql/quality`: read, run, judged. Adding a check is adding a file.

A file begins with a header of comments: title, why, severity (warn, fail), sources, `param: name = number` lines,
and `when: night` where it reads all of history: the others, which are judged all day long, bound the days that they
read. Its last statement returns the rows that break the check, the first column `what` saying it in words. A
statement before it, if any, returns a row where the check cannot be judged, and why: too little data is no alarm.
Whatever looks at what is missing today leaves out accounts that are not set up any more: `{accounts:…}`.

Each check is judged on its own: one that cannot be run says why and stops no other. When to look again, because a
load was running, is not known here: see `looks.py`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from tasks.load.frames import insert, select
from tasks.load.runs import Run
from tasks.load.sql import SqlFile, sql_files
from tasks.load.upsert import merge
from tasks.load.warehouse import essence
from tasks.settings import SQL_DIR

TABLE = "meta_quality_checks"
SAMPLE_ROWS = 5
Accounts = Sequence[tuple[str, str]]
"""Those that are set up, as (source, account)."""
COMPARED_ROWS = 5_000
"""Rows of one look that are compared with those of the next; their hashes go into the statement's text."""
LONGEST_SECONDS = 120
MOST_MEMORY_GB = 2
BOUNDS = {
    "max_execution_time": LONGEST_SECONDS,
    "max_memory_usage": MOST_MEMORY_GB * 10**9,
    # Half of it, then the disk.
    "max_bytes_before_external_group_by": MOST_MEMORY_GB * 10**9 // 2,
    "max_bytes_before_external_sort": MOST_MEMORY_GB * 10**9 // 2,
}
"""Of one statement of a check, so that none takes the warehouse down, whatever is in it."""
_HEADER = re.compile(r"(?m)^-- (title|why|severity|when|sources|param): (.+)$")
_HASH = "_hash"
_REASONS = {
    47: "a column that it reads is missing",
    60: "a table or view that it reads is missing",
    62: "its SQL is wrong",
    159: f"it took longer than {LONGEST_SECONDS} seconds",
    160: f"it would take longer than {LONGEST_SECONDS} seconds",
    241: f"it needs more memory than there is; a check may use {MOST_MEMORY_GB} GB",
    497: "the warehouse's user lacks a right",
}


@dataclass(frozen=True)
class Check:
    """`at_night`: it reads all of history; `fault`: why the file is no check, e.g. a header without a severity."""

    name: str
    title: str
    why: str
    severity: str
    sources: tuple[str, ...]
    parameters: Mapping[str, float]
    unjudged_sql: str | None
    sql: str
    at_night: bool = False
    fault: str = ""


@dataclass(frozen=True)
class Result:
    """`status`: ok, broken or unjudged. `observed`: how many rows break the check; `sample`: some of them.

    `hindered`: unjudged for another reason than want of data: it could not be run, or a load kept changing its
    rows.
    """

    check: Check
    status: str
    observed: int
    message: str
    sample: list[dict[str, Any]]
    hindered: bool = False

    @property
    def fails(self) -> bool:
        return self.status == "broken" and self.check.severity == "fail"

    @property
    def warns(self) -> bool:
        return self.status == "broken" and self.check.severity == "warn"


def checks(root: Path = SQL_DIR) -> list[Check]:
    """All checks by name, files that are no check included, with their `fault`: they must not end the others."""
    return [_parsed(file) for file in sql_files("quality", root)]


def judge(
    client: Client,
    check: Check,
    today: date,
    accounts: Accounts,
    parameters: Mapping[str, float],
    among: Sequence[int] | None = None,
) -> Result:
    """`today` is the Moscow day; `parameters` win over the file's own. `among`: count only rows of these `hashes`.

    Raises only where the connection is lost. A check that cannot be run is unjudged and `hindered`.
    """
    if check.fault:
        return hindered(check, check.fault)
    values = _values(check, today, accounts, parameters)
    try:
        if check.unjudged_sql:
            reason = select(client, check.unjudged_sql, values, BOUNDS)
            if reason.height:
                return Result(check, "unjudged", 0, str(reason.item(0, 0)), [])
        return _looked(client, check, values, among)
    except Exception as error:  # noqa: BLE001 - whatever a check raises, the others are judged
        _raise_if_lost(client, error)
        return hindered(check, f"could not be run: {_reason(error)}")


def hashes(
    client: Client, check: Check, today: date, accounts: Accounts, parameters: Mapping[str, float]
) -> list[int]:
    """What the first rows that break the check are known by: all their values. An empty list where it cannot
    be run."""
    sql = f"SELECT {_hash()} FROM (\n{check.sql}\n) LIMIT {COMPARED_ROWS}"
    try:
        return select(client, sql, _values(check, today, accounts, parameters), BOUNDS)[_HASH].to_list()
    except Exception as error:  # noqa: BLE001 - whatever it is, there is nothing to compare with
        _raise_if_lost(client, error)
        return []


def hindered(check: Check, reason: str) -> Result:
    return Result(check, "unjudged", 0, reason, [], hindered=True)


def _looked(client: Client, check: Check, values: Mapping[str, Any], among: Sequence[int] | None) -> Result:
    rows = f"SELECT *, {_hash()} FROM (\n{check.sql}\n)"
    if among is not None:
        rows += f" WHERE {_HASH} IN ({', '.join(map(str, among))})"
    # One row more than is kept says whether there are more; only then are they counted, on the server.
    first = select(client, f"{rows} LIMIT {SAMPLE_ROWS + 1}", values, BOUNDS)
    if first.is_empty():
        return Result(check, "ok", 0, "", [])
    observed = first.height
    if observed > SAMPLE_ROWS:
        counted = select(client, f"SELECT count() AS n FROM ({rows})", values, BOUNDS).item()
        observed = max(observed, counted)
    more = f" (and {observed - 1} more)" if observed > 1 else ""
    sample = first.drop(_HASH).head(SAMPLE_ROWS).to_dicts()
    return Result(check, "broken", observed, f"{first.item(0, 'what')}{more}", sample)


def _hash() -> str:
    return f"cityHash64(toString(tuple(*))) AS {_HASH}"


def _values(check: Check, today: date, accounts: Accounts, parameters: Mapping[str, float]) -> dict[str, Any]:
    known = dict(check.parameters) | {name: value for name, value in parameters.items() if name in check.parameters}
    return {"today": today, "accounts": list(accounts), **known}


def _raise_if_lost(client: Client, error: Exception) -> None:
    """Raise the error again where the warehouse no longer answers: then it is no fault of the check."""
    try:
        client.command("SELECT 1")
    except Exception as second:  # noqa: BLE001
        # Raised again, so that `warehouse` turns it into plain words.
        raise (error if isinstance(error, ClickHouseError) else second) from None


def _reason(error: Exception) -> str:
    """In plain words, with ClickHouse's own sentence behind it."""
    said = essence(str(error))[:200]
    if not isinstance(error, ClickHouseError):
        return f"{type(error).__name__}: {said}"
    known = _REASONS.get(getattr(error, "code", None) or 0)
    return f"{known} ({said})" if known else said


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
    if not rows:
        return
    insert(client, TABLE, pl.DataFrame(rows, schema_overrides={"checked_at": pl.Datetime("ms", "UTC")}))
    merge(client, TABLE)


def _parsed(file: SqlFile) -> Check:
    header: dict[str, list[str]] = {}
    for name, value in _HEADER.findall(file.text):
        header.setdefault(name, []).append(value.strip())
    statements = file.statements
    try:
        parameters = _parameters(header.get("param", []))
        fault = _fault(header, statements)
    except ValueError:
        parameters, fault = {}, "a `param` line is not `name = number`"

    def first(name: str, default: str) -> str:
        return header.get(name, [default])[0]

    return Check(
        file.name,
        first("title", file.name),
        first("why", "A check that cannot be read says nothing"),
        first("severity", "fail") if not fault else "fail",
        tuple(source.strip() for source in first("sources", "").split(",")),
        parameters,
        statements[0] if len(statements) > 1 else None,
        statements[-1] if statements else "",
        not fault and "when" in header,
        f"could not be run: sql/quality/{file.name}.sql: {fault}" if fault else "",
    )


def _parameters(lines: list[str]) -> dict[str, float]:
    """Raises ValueError."""
    pairs = [line.split("=") for line in lines]
    return {name.strip(): float(value) for name, value in pairs}


def _fault(header: Mapping[str, list[str]], statements: list[str]) -> str:
    absent = [name for name in ("title", "why", "severity", "sources") if name not in header]
    if absent:
        return f"its header has no {', '.join(absent)}"
    if header["severity"][0] not in ("warn", "fail"):
        return "its severity is neither warn nor fail"
    if header.get("when", ["night"]) != ["night"]:
        return "its `when` is not night"
    return "" if statements else "it has no statement"
