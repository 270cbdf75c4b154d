"""Old backups removed, where they lie in a folder of this machine. On a server's disk or in a bucket nobody can do
that through ClickHouse: there it is for cron, or for a rule of the bucket."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

_MADE_BY_ITSELF = re.compile(r"\w+-\d{8}T\d{6}Z")
"""A backup that got its name from the clock. One that a person named stays."""


def prune(folder: Path, keep: int) -> list[str]:
    """Remove all but the `keep` newest and name what went. What is no whole backup is left alone."""
    made = [path.parent for path in folder.glob("*/.backup") if _MADE_BY_ITSELF.fullmatch(path.parent.name)]
    stale = sorted(made, key=lambda path: path.name.rsplit("-", 1)[-1], reverse=True)[keep:]
    for path in stale:
        shutil.rmtree(path)
    return sorted(path.name for path in stale)
