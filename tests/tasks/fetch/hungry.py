"""A process of its own that fetches from an address, and says what that took of memory.

`python -m tests.tasks.fetch.hungry events=URL` or `report=URL`: prints MB of the highest mark, and what came of it.
"""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime
from pathlib import Path

from tasks.errors import SourceError
from tasks.fetch.qtickets import fetch_events
from tasks.settings import Settings
from tasks.window import Window
from tests.tasks.fetch.test_http_limits import report

NOW = datetime(2026, 11, 21, tzinfo=UTC)
DAY = Window(first=NOW.date(), last=NOW.date())


def high_mark() -> int:
    """MB. What getrusage gives holds the memory of the process that started this one."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found
    return int(found[1]) // 1024


def main(address: str) -> None:
    what, _, url = address.partition("=")
    settings = Settings(
        _env_file=None,
        qtickets_base_url=url,
        qtickets_token="a-token",
        direct_base_url=url,
        direct_login="promoter",
        direct_token="a-token",
        http_attempts=1,
    )
    try:
        fetch_events(settings, DAY, NOW) if what == "events" else report(settings)
        said = "answered"
    except SourceError as error:
        said = str(error)
    print(f"{high_mark()}\t{said}")  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1])
