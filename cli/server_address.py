"""Whether commands work on a Prefect server, found without importing Prefect, which takes seconds."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path


def server_address() -> str | None:
    """The one of the environment or of Prefect's active profile, found without Prefect."""
    if address := os.environ.get("PREFECT_API_URL"):
        return address
    home = Path(os.environ.get("PREFECT_HOME") or "~/.prefect").expanduser()
    try:
        profiles = tomllib.loads(
            Path(os.environ.get("PREFECT_PROFILES_PATH") or home / "profiles.toml").read_text()
        )
    except (OSError, ValueError):
        return None
    name = os.environ.get("PREFECT_PROFILE") or profiles.get("active", "")
    return str(profiles.get("profiles", {}).get(name, {}).get("PREFECT_API_URL", "")) or None
