"""What the checks say on a morning: the findings that are open, by check and key."""

from __future__ import annotations

import re
import uuid
from dataclasses import replace
from datetime import date, datetime
from unittest.mock import patch

from tasks.load.frames import select
from tasks.load.warehouse import warehouse
from tasks.quality.checks import Check, checks
from tasks.quality.run import run_checks
from tasks.settings import Settings

Finding = tuple[str, str]
"""Check and key."""
_NOW = re.compile(r"\bnow(64)?\([^)]*\)")


def judge(settings: Settings, day: date, now: datetime) -> dict[Finding, str]:
    """The severity of each finding that is open after all checks were judged, and of checks that could not be."""
    with patch("tasks.quality.run.checks", lambda: [_at(now, check) for check in checks()]):
        results = run_checks(settings, day, str(uuid.uuid4()), channel=None)
    sql = (
        "SELECT toString(check_name), finding, toString(severity) FROM meta_findings FINAL WHERE closed_at IS NULL"
    )
    with warehouse(settings) as client:
        found = {(check, key): severity for check, key, severity in select(client, sql).rows()}
    return found | {(r.check.name, f"not judged: {r.message}"): r.check.severity for r in results if r.hindered}


def _at(now: datetime, check: Check) -> Check:
    """The warehouse has a clock of its own, which is not that of the life."""
    return replace(check, sql=_NOW.sub(f"toDateTime64('{now:%Y-%m-%d %H:%M:%S}', 3, 'UTC')", check.sql))
