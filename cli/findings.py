"""What checks have found and is not mended, as a person sees it in a terminal."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from os.path import commonprefix
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

Row = Mapping[str, Any]
_ALIKE = ("status", "severity", "check_name", "source", "account", "accepted_as")
"""What findings have in common that are told together: one cause makes many, a day each."""
_NAMED = 3


def print_findings(rows: pl.DataFrame, checks: Iterable[Check], language: str, limit: int) -> int:
    """`rows` as `findings.listing` has them. Those of one check and account together: what is wrong, since when,
    what to do, and whole, to be copied, the commands that mend and that accept them; of what is accepted until
    when, why, and the command that takes it back. How many such groups beyond the limit are not shown."""
    named = {check.name: check for check in checks}
    groups = [[*alike] for _, alike in groupby(rows.to_dicts(), lambda row: [row[name] for name in _ALIKE])]
    for alike in groups[:limit]:
        _print_alike(alike, named, language)
    return max(0, len(groups) - limit)


def _print_alike(alike: Sequence[Row], checks: Mapping[str, Check], language: str) -> None:
    first, check = alike[0], checks.get(alike[0]["check_name"])
    is_open, at_worst = first["status"] == "open", "red" if first["severity"] == "fail" else "yellow"
    severity = terminal.padded(first["severity"], terminal.SEVERITIES, language)
    for row in alike[:_NAMED]:
        since = f"{row['opened_at'].astimezone(MOSCOW):%Y-%m-%d %H:%M}"
        what = f"{severity}{since}  {either(language, row['what'], row['what_ru'])}"
        terminal.print_finding(said(row["status"], language), at_worst if is_open else "dim", what)
    todo, commands = _todo(alike, check, language) if is_open else _accepted(first, language)
    more = said("and {n} more", language, n=len(alike) - _NAMED) if len(alike) > _NAMED else ""
    for text in filter(None, (more, todo)):
        terminal.print_beneath(text)
    for command in filter(None, commands):
        terminal.out.print(Text(f"{' ' * terminal.INDENT}{terminal.typed(command)}", "dim"), soft_wrap=True)


def _todo(alike: Sequence[Row], check: Check | None, language: str) -> tuple[str, list[str]]:
    first, days = alike[0], sorted({row["day"] for row in alike if row["day"]})
    words = said("--until DATE --why WORDS", language)
    accepts = f"zakaz quality accept {first['check_name']} {_copied(_name_of(alike))} {words}"
    if check is None:
        return "", [accepts]
    between = pl.date_range(days[0], days[-1], eager=True).to_list() if days else []
    mends = mending(check, first["source"], first["account"], days[0] if days else None, between)
    return check.remedy(language), [mends, accepts]


def _accepted(row: Row, language: str) -> tuple[str, list[str]]:
    if row["until"] is None:
        return "", []
    until = shown(row["until"], language, 0)
    why = said("Accepted until {until}: {why}", language, until=until, why=row["why"])
    return why, [f"zakaz quality reopen {row['check_name']} {_copied(row['accepted_as'])}"]


def _name_of(alike: Sequence[Row]) -> str:
    """Of more warnings than are shown, a name for all: as far as they begin alike, up to a / or to the - of a day.
    Little of what is yet to come is accepted unseen, and of failures nothing."""
    keys = [row["finding"] for row in alike]
    begin = re.sub("[^/-]*$", "", commonprefix(keys))  # noqa: RUF071 - these are no paths
    return f"{begin}*" if len(keys) > _NAMED and begin and alike[0]["severity"] == "warn" else keys[0]


def _copied(name: str) -> str:
    return shlex.quote(for_terminal(name))
