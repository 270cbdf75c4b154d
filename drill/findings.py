"""What the checks say on a morning, by check and finding."""

from __future__ import annotations

import re
import uuid
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from unittest.mock import patch

from tasks.quality.checks import Check, Result, checks
from tasks.quality.run import run_checks
from tasks.settings import Settings

Open = dict[tuple[str, str], str]
"""(check, finding) -> its severity."""


_NOW = re.compile(r"\bnow(64)?\([^)]*\)")


def judge(settings: Settings, day: date, now: datetime, before: Open) -> Open:
    """The findings that are open after all checks were judged. What could not be judged stays as it was."""
    with patch("tasks.quality.run.checks", lambda: [_at(now, check) for check in checks()]):
        results = run_checks(settings, day, str(uuid.uuid4()), channel=None)
    found: Open = {}
    for result in results:
        name = result.check.name
        if result.hindered:
            found[name, "hindered"] = result.check.severity
        if result.status == "broken":
            found |= {(name, key): result.check.severity for key in _keys(result)}
        if result.status == "unjudged" or result.observed > len(result.sample):
            found = {one: severity for one, severity in before.items() if one[0] == name} | found
    return found


def _at(now: datetime, check: Check) -> Check:
    """The warehouse has a clock of its own, which is not that of the life."""
    instant = f"toDateTime64('{now:%Y-%m-%d %H:%M:%S}', 3, 'UTC')"
    return replace(check, sql=_NOW.sub(instant, check.sql))


def _keys(result: Result) -> set[str]:
    return {"/".join(str(value) for name, value in row.items() if _names(name, value)) for row in result.sample}


def _names(name: str, value: Any) -> bool:
    """Whether it names what is wrong: no words, no figures."""
    is_id = isinstance(value, int) and (name.endswith("_id") or name == "event")
    return name != "what" and (is_id or type(value) is date or (isinstance(value, str) and len(value) < 60))
