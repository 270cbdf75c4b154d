"""What checks have found and is not mended, as a person sees it in a terminal."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from typing import Any

import polars as pl
from rich.text import Text

from cli import terminal
from tasks.harmless import for_terminal
from tasks.quality.checks import Check
from tasks.quality.incidents import mending
from tasks.quality.words import shown
from tasks.translation import either, said
from tasks.window import MOSCOW


def print_findings(rows: pl.DataFrame, checks: Iterable[Check], language: str) -> None:
    """`rows` as `findings.listing` has them. Each on lines of its own: what is wrong, since when, what to do, and
    whole, to be copied, the commands that mend and that accept it; of what is accepted until when, why, and the
    command that takes it back."""
    named = {check.name: check for check in checks}
    for row in rows.iter_rows(named=True):
        is_open, at_worst = row["status"] == "open", "red" if row["severity"] == "fail" else "yellow"
        since = f"{row['opened_at'].astimezone(MOSCOW):%Y-%m-%d %H:%M}"
        severity = terminal.padded(row["severity"], terminal.SEVERITIES, language)
        what = f"{severity}{since}  {either(language, row['what'], row['what_ru'])}"
        check = named.get(row["check_name"])
        todo, commands = _todo(row, check, language) if is_open else _accepted(row, language)
        terminal.print_finding(said(row["status"], language), at_worst if is_open else "dim", what, todo)
        for command in filter(None, commands):
            terminal.out.print(Text(f"{' ' * terminal.INDENT}{command}", "dim"), soft_wrap=True)


def _todo(row: dict[str, Any], check: Check | None, language: str) -> tuple[str, list[str]]:
    accepts = f"zakaz quality accept {row['check_name']} {_copied(row['finding'])} --until DATE --why WORDS"
    if check is None:
        return "", [accepts]
    return check.remedy(language), [mending(check, row["source"], row["account"], row["day"]), accepts]


def _accepted(row: dict[str, Any], language: str) -> tuple[str, list[str]]:
    if row["until"] is None:
        return "", []
    until = shown(row["until"], language, 0)
    why = said("Accepted until {until}: {why}", language, until=until, why=row["why"])
    return why, [f"zakaz quality reopen {row['check_name']} {_copied(row['accepted_as'])}"]


def _copied(name: str) -> str:
    return shlex.quote(for_terminal(name))
