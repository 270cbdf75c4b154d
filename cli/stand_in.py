"""The sandbox instead of the real APIs: how a process is pointed at it, and at nothing of the user's own.

What is made up has a home of its own: the demo's, and that of `zakaz up` without tokens, whose world is another.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from tasks.errors import UsageError
from tasks.settings import HOME, Settings, load_settings

_KEPT = ("alert_", "zakaz_alert_", "zakaz_language")
"""Where alerts go may stay the user's, and so may the language."""
DEMO_HOME = HOME / "data" / "demo"
DEMO_PAGE = Path("reports") / "report.html"
"""What a demo makes last, and a new one removes first."""
_PART = re.compile(r"\w+(_\d+){3,4}")
"""A folder with rows of a table, by ClickHouse's name for it, e.g. `202611_1_10_8`."""


def bare_environment() -> dict[str, str]:
    """This process's, without the user's settings: neither may a real token reach the sandbox nor made-up sales a
    warehouse that is not for them."""
    ours = {name.upper() for name in Settings.model_fields if not name.startswith(_KEPT)} | {"ZAKAZ_ENV"}
    kept = {name: value for name, value in os.environ.items() if name.upper() not in ours}
    return kept | {"ZAKAZ_IGNORE_SECRETS": "1"}


def settings_for(served: dict[str, str], token_file: Path) -> dict[str, str]:
    """Settings by name, for the addresses and tokens that the sandbox announced."""
    return {
        "QTICKETS_BASE_URL": served["qtickets"],
        "QTICKETS_TOKEN": served["qtickets_token"],
        "QTICKETS_RATE": "500",
        "VK_API": "ads",
        "VK_BASE_URL": served["vk"],
        "VK_CLIENT_ID": served["vk_client_id"],
        "VK_CLIENT_SECRET": served["vk_client_secret"],
        "VK_TOKEN_FILE": str(token_file),
        "VK_RATE": "15",
        "DIRECT_BASE_URL": served["direct"],
        "DIRECT_LOGIN": served["direct_login"],
        "DIRECT_TOKEN": served["direct_token"],
        "DIRECT_RATE": "50",
    }


def home_settings(home: Path) -> dict[str, str]:
    """Where a made-up world is kept."""
    return {
        "CLICKHOUSE_DSN": f"chdb://{home / 'warehouse'}",
        "LANDING_URL": str(home / "landing"),
        "BACKUP_URL": str(home / "backups"),
        "REPORT_URL": str(home / "reports"),
    }


def show_demo_instead_of_nothing(until: str = "meta_job_runs") -> bool:
    """Point this process at the demo's warehouse where there is one, and the user's own has no row of a table whose
    name begins with `until`: by default, where no load was ever begun. Raises SettingsError, and UsageError where
    the demo was not finished."""
    own = Path(str(Settings.model_fields["clickhouse_dsn"].default.get_secret_value()).removeprefix("chdb://"))
    settings = load_settings()
    is_own = settings.clickhouse_dsn.get_secret_value() != f"chdb://{own}"
    is_own = is_own or _has_rows(own / "data" / settings.clickhouse_database, until)
    if is_own or not (DEMO_HOME / "warehouse").exists():
        return False
    if not (DEMO_HOME / DEMO_PAGE).exists():
        raise UsageError("The demo was not finished. Start `zakaz demo` again.")
    os.environ.update(home_settings(DEMO_HOME))
    return True


def _has_rows(folder: Path, begin: str) -> bool:
    """By the parts of the tables in the folder of the embedded engine, whose start takes seconds. A command that
    only looked leaves a warehouse without any."""
    try:
        tables = [table for table in folder.iterdir() if table.name.startswith(begin)]
        return any(_PART.fullmatch(part.name) for table in tables for part in table.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True  # It is somebody's, and who opens it says what is wrong.
