"""Checks of the data, one SQL file each in `sql/quality`: read, run, judged. Adding a check is adding a file.

A file begins with a header of comments, one line each:

- `title`, `why`, `do`: what holds when all is well, why that matters, what a promoter does where it does not; `ru`,
  `why_ru` and `do_ru` are the same in Russian
- `run`: the command for whoever runs Zakaz; `{load}` loads the days of its finding again, `{source}` and `{day}`
  are those of the finding
- `severity`: warn or fail; a row with a column `severity` has its own
- `sources`; `story`: what kind of cause it has (loads, exact, levels), so that one cause is one message
- `follows`: of what compares sums with their rows, the source of these besides the finding's own. Where
  rows of its day are wrong, so is it, and that is one cause
- `key`: the columns by which a row is known again the next morning
- `says`, `says_ru`: a row in words, what happened first and names last, with its columns in braces, see `words.py`;
  without them the column `what` says it
- `days`: how far it looks back. `{since:Date}` is that day, or the day of its oldest open finding: what was found
  is looked at until it is right. `when: night` instead where it reads all of history
- `param: name = number`

A line `-- include: falls,` stands for the subqueries in `shared/falls.sql`, which several checks have in common.

The last statement returns the rows that break the check. Columns `source`, `account`, `day` and `money` (what it is
about, in the report's currency) go into the finding. A statement before it, if any, returns a row where the check
cannot be judged, and why: too little data is no alarm. Whatever looks at what is missing today leaves out accounts
that are not set up any more: `{accounts:…}`. `{open:Array(String)}` are the keys of the findings that are open:
what is nearly right again stays open. `{quiet:Array(Date)}` are public holidays and the days beside them.

Each check is judged on its own: one that cannot be run says why and stops no other. When to look again, because a
load was running, is not known here: see `looks.py`. What becomes of a finding is in `findings.py`.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import polars as pl
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from tasks.load.frames import insert, select
from tasks.load.runs import Run
from tasks.load.sql import SqlFile, sql_paths
from tasks.load.upsert import merge
from tasks.load.warehouse import essence
from tasks.quality.words import filled
from tasks.reference import quiet_days
from tasks.settings import SQL_DIR
from tasks.translation import either, retold, said

TABLE = "meta_quality_checks"
SAMPLE_ROWS = 5
MOST_ROWS = 2_000
"""Rows of a check that become findings. Where there are more, nothing of the check is called mended."""
Accounts = Sequence[tuple[str, str]]
"""Those that are set up, as (source, account)."""
SEVERITIES, STORIES = ("warn", "fail"), ("loads", "exact", "levels")
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
_HEADER = re.compile(
    r"(?m)^-- (title|ru|why|why_ru|do|do_ru|run|severity|when|sources|story|follows|key|days|says|says_ru|param):"
    r" (.+)$"
)
_INCLUDE = re.compile(r"(?m)^[ ]*-- include: (\w+)(,?)$")
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
    """`at_night`: it reads all of history; `follows`: sources whose wrong rows make it wrong; `fault`: why the
    file is no check, e.g. a header without a severity."""

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
    story: str = "levels"
    follows: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    days: int = 7
    says: str = "{what}"
    says_ru: str = ""
    title_ru: str = ""
    why_ru: str = ""
    do: str = ""
    do_ru: str = ""
    run: str = ""

    def titled(self, language: str) -> str:
        return either(language, self.title, self.title_ru)

    def reason(self, language: str) -> str:
        """Why it matters."""
        return either(language, self.why, self.why_ru)

    def remedy(self, language: str) -> str:
        return either(language, self.do, self.do_ru)


@dataclass(frozen=True)
class Finding:
    """One row that breaks a check. `key` names it for as long as it lasts, within its check."""

    check: Check
    key: str
    severity: str
    source: str
    account: str
    day: date | None
    money: Decimal | None
    what: str
    what_ru: str
    row: Mapping[str, Any] = field(default_factory=dict)

    def said(self, language: str) -> str:
        return either(language, self.what, self.what_ru)

    @property
    def check_name(self) -> str:
        return self.check.name

    @property
    def story(self) -> str:
        return self.check.story

    @property
    def fails(self) -> bool:
        return self.severity == "fail"


@dataclass(frozen=True)
class Known:
    """What is known of findings before a look. `open`: of each check the keys of those that are open, and their
    days; `accepted`: of each check the keys, or their beginnings with a * behind."""

    open: Mapping[str, Mapping[str, date | None]] = field(default_factory=dict)
    accepted: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def is_accepted(self, check: str, key: str) -> bool:
        return any(
            key.startswith(pattern[:-1]) if pattern.endswith("*") else key == pattern
            for pattern in self.accepted.get(check, ())
        )

    def since(self, check: Check, today: date) -> date:
        days = [day for day in self.open.get(check.name, {}).values() if day]
        return min([*days, today - timedelta(days=check.days)])


@dataclass(frozen=True)
class Result:
    """`status`: ok, broken or unjudged. `observed`: how many rows break the check and nobody accepted; `sample`:
    some of them; `findings`: they and the accepted ones, up to MOST_ROWS.

    `hindered`: unjudged for another reason than want of data: it could not be run, or a load kept changing its
    rows. `present`: the keys of all rows that were seen, also of those that another look did not confirm. `is_cut`:
    there are more rows than findings.
    """

    check: Check
    status: str
    observed: int
    message: str
    sample: list[dict[str, Any]]
    hindered: bool = False
    findings: tuple[Finding, ...] = ()
    accepted: tuple[Finding, ...] = ()
    present: frozenset[str] = frozenset()
    is_cut: bool = False

    @property
    def fails(self) -> bool:
        if self.status != "broken":
            return False
        return any(one.fails for one in self.findings) if self.findings else self.check.severity == "fail"

    @property
    def warns(self) -> bool:
        return self.status == "broken" and not self.fails

    def said(self, language: str) -> str:
        """The first finding in words, and how many more rows there are; or why there is none to tell."""
        if not self.findings:
            return retold(self.message, language)
        more = f" {said('(and {n} more)', language, n=self.observed - 1)}" if self.observed > 1 else ""
        return f"{self.findings[0].said(language)}{more}"


def checks(root: Path = SQL_DIR, folder: str = "quality") -> list[Check]:
    """All checks by name, files that are no check included, with their `fault`: they must not end the others."""
    return [_read(path, folder) for path in sql_paths(folder, root)]


def judge(
    client: Client,
    check: Check,
    today: date,
    accounts: Accounts,
    parameters: Mapping[str, float],
    known: Known | None = None,
) -> Result:
    """`today` is the Moscow day; `parameters` win over the file's own; `known`: findings that are open or accepted.

    Raises only where the connection is lost. A check that cannot be run is unjudged and `hindered`.
    """
    known = known or Known()
    if check.fault:
        return hindered(check, check.fault)
    values = _values(check, today, accounts, parameters, known)
    try:
        if check.unjudged_sql:
            reason = select(client, _bounded(f"SELECT * FROM (\n{check.unjudged_sql}\n)"), values)
            if reason.height:
                return Result(check, "unjudged", 0, str(reason.item(0, 0)), [])
        # One row more than is kept says whether there are more; only then are they counted, on the server.
        rows = select(client, _bounded(f"SELECT * FROM (\n{check.sql}\n) LIMIT {MOST_ROWS + 1}"), values)
        observed = rows.height
        if observed > MOST_ROWS:
            observed = select(client, _bounded(f"SELECT count() AS n FROM (\n{check.sql}\n)"), values).item()
        return judged(check, map(_finding_of(check, today.year), rows.head(MOST_ROWS).to_dicts()), observed, known)
    except Exception as error:  # noqa: BLE001 - whatever a check raises, the others are judged
        _raise_if_lost(client, error)
        return hindered(check, f"could not be run: {_reason(error)}")


def _bounded(sql: str) -> str:
    """In its own text: for settings beside it the driver asks the embedded engine first what they were, in 7 ms."""
    return f"{sql}\nSETTINGS {', '.join(f'{name} = {value}' for name, value in BOUNDS.items())}"


def judged(check: Check, findings: Iterable[Finding], observed: int, known: Known) -> Result:
    """The result of a look that found these, of `observed` rows in all. Rows of one key are one finding."""
    rows = list(findings)
    accepted = [one for one in rows if known.is_accepted(check.name, one.key)]
    left = [one for one in rows if not known.is_accepted(check.name, one.key)]
    rest = observed - len(rows)
    both = (_by_key(left), _by_key(accepted), frozenset(one.key for one in rows))
    if not left and not rest:
        return Result(check, "ok", 0, "", [], False, *both)
    count = len(left) + rest
    more = f" (and {count - 1} more)" if count > 1 else ""
    message = f"{left[0].what if left else check.title}{more}"
    sample = [dict(one.row) for one in left[:SAMPLE_ROWS]]
    return Result(check, "broken", count, message, sample, False, *both, is_cut=rest > 0)


def among(result: Result, seen: Iterable[Finding], known: Known) -> Result:
    """The same look, but only what an earlier one found too, with the same values."""
    rows = {(one.key, str(one.row)) for one in seen}
    both = (*result.findings, *result.accepted)
    same = [one for one in both if (one.key, str(one.row)) in rows]
    narrowed = judged(result.check, same, len(same), known)
    return replace(narrowed, present=result.present, is_cut=result.is_cut)


def _by_key(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The first of each key."""
    by_key: dict[str, Finding] = {}
    for one in findings:
        by_key.setdefault(one.key, one)
    return tuple(by_key.values())


def hindered(check: Check, reason: str) -> Result:
    return Result(check, "unjudged", 0, reason, [], hindered=True)


def _finding_of(check: Check, year: int) -> Any:
    """A row that names no source, of a check of several, is of the reports and not of one of them."""
    source = check.sources[0] if len(check.sources) == 1 else ""

    def finding(row: Mapping[str, Any]) -> Finding:
        words = {"source": source, **row}
        day = row.get("day")
        what = filled(check.says, words, "en", year)
        return Finding(
            check,
            "/".join(str(row.get(name, "")) for name in check.key),
            str(row.get("severity") or check.severity),
            str(words["source"]),
            str(row.get("account") or ""),
            day if isinstance(day, date) else None,
            _money(row.get("money")),
            what,
            filled(check.says_ru, words, "ru", year) if check.says_ru else what,
            row,
        )

    return finding


def _money(value: Any) -> Decimal | None:
    try:
        return None if value is None else round(Decimal(str(value)), 2)
    except InvalidOperation:  # not a number
        return None


def _values(
    check: Check, today: date, accounts: Accounts, parameters: Mapping[str, float], known: Known
) -> dict[str, Any]:
    own = dict(check.parameters) | {name: value for name, value in parameters.items() if name in check.parameters}
    since, opened = known.since(check, today), list(known.open.get(check.name, {}))
    quiet = quiet_days(since.year, today.year)
    return {"today": today, "since": since, "quiet": quiet, "accounts": list(accounts), "open": opened, **own}


def _raise_if_lost(client: Client, error: Exception) -> None:
    """Raise the error again where the warehouse no longer answers: then it is no fault of the check."""
    try:
        client.command("SELECT 1")
    except Exception as second:  # noqa: BLE001
        # Raised again, so that `warehouse` turns it into plain words.
        raise (error if isinstance(error, ClickHouseError) else second) from None


def _reason(error: Exception) -> str:
    """In plain words, with ClickHouse's own sentence behind it."""
    words = essence(str(error))[:200]
    if not isinstance(error, ClickHouseError):
        return f"{type(error).__name__}: {words}"
    known = _REASONS.get(getattr(error, "code", None) or 0)
    return f"{known} ({words})" if known else words


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


def _read(path: Path, folder: str) -> Check:
    shared = path.parent / "shared"

    def included(line: re.Match[str]) -> str:
        return (shared / f"{line[1]}.sql").read_text("utf-8").rstrip() + line[2]

    try:
        return _parsed(SqlFile(path.stem, _INCLUDE.sub(included, path.read_text("utf-8"))), folder)
    except (OSError, UnicodeDecodeError) as error:
        why = "it is not UTF-8 text" if isinstance(error, ValueError) else error.strerror
        fault = f"could not be run: sql/{folder}/{path.name}: {why}"
        return replace(_parsed(SqlFile(path.stem, ""), folder), fault=fault)


def _parsed(file: SqlFile, folder: str) -> Check:
    header: dict[str, list[str]] = {}
    for name, value in _HEADER.findall(file.text):
        header.setdefault(name, []).append(value.strip())
    statements = file.statements
    check = Check(
        file.name,
        _first(header, "title", file.name),
        _first(header, "why", "A check that cannot be read says nothing"),
        "fail",
        _list(header, "sources") or ("",),
        {},
        statements[0] if len(statements) > 1 else None,
        statements[-1] if statements else "",
    )
    try:
        parameters, days = _parameters(header.get("param", [])), int(_first(header, "days", "7"))
        fault = _fault(header, statements)
    except ValueError:
        parameters, days, fault = {}, 7, "a `param` line is not `name = number`, or `days` is no number"
    if fault:
        return replace(check, fault=f"could not be run: sql/{folder}/{file.name}.sql: {fault}")
    return replace(
        check,
        severity=header["severity"][0],
        parameters=parameters,
        at_night="when" in header,
        story=_first(header, "story", "levels"),
        follows=_list(header, "follows"),
        key=_list(header, "key"),
        days=days,
        says=_first(header, "says", "{what}"),
        says_ru=_first(header, "says_ru", ""),
        title_ru=_first(header, "ru", check.title),
        why_ru=_first(header, "why_ru", check.why),
        do=_first(header, "do", ""),
        do_ru=_first(header, "do_ru", ""),
        run=_first(header, "run", ""),
    )


def _first(header: Mapping[str, list[str]], name: str, default: str) -> str:
    return header.get(name, [default])[0]


def _list(header: Mapping[str, list[str]], name: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in _first(header, name, "").split(",") if word.strip())


def _parameters(lines: list[str]) -> dict[str, float]:
    """Raises ValueError."""
    pairs = [line.split("=") for line in lines]
    return {name.strip(): float(value) for name, value in pairs}


def _fault(header: Mapping[str, list[str]], statements: list[str]) -> str:
    absent = [name for name in ("title", "why", "severity", "sources") if name not in header]
    if absent:
        return f"its header has no {', '.join(absent)}"
    if header["severity"][0] not in SEVERITIES:
        return "its severity is neither warn nor fail"
    if header.get("when", ["night"]) != ["night"]:
        return "its `when` is not night"
    if _first(header, "story", "levels") not in STORIES:
        return f"its story is none of {', '.join(STORIES)}"
    return "" if statements else "it has no statement"
