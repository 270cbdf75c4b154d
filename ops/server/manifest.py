"""prefect.yaml and automations.yaml, read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from tasks.errors import UsageError
from tasks.settings import SQL_DIR

ROOT = SQL_DIR.parent
PREFECT_YAML = ROOT / "prefect.yaml"
AUTOMATIONS_YAML = ROOT / "automations.yaml"
OURS = "zakaz"
"""The tag of our deployments and the name of our work pool."""
PART = f"{OURS}-part"
"""The tag of runs within our runs."""


def read(path: Path) -> dict[str, Any]:
    """Raises UsageError where it is not there or no YAML."""
    try:
        found = yaml.safe_load(path.read_text("utf-8"))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}. Run this in a checkout of Zakaz.") from None
    except yaml.YAMLError as error:
        raise UsageError(f"{path} is no YAML: {error}") from None
    assert isinstance(found, dict)
    return found
