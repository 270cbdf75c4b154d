"""What is shipped for a server, read: compose.yaml and its Dockerfile."""

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
UNCOMMENTED = re.sub(r"(?m)^\s*#.*$", "", (ROOT / "compose.yaml").read_text("utf-8"))
COMPOSE = yaml.safe_load(UNCOMMENTED)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
ONE_OFF = {"access", "setup"}
"""They do their work and end."""
OURS = {name for name, service in SERVICES.items() if "build" in service}
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")

VARIABLE = re.compile(r"(?<!\$)\$\{(\w+)(?:(:?[-?+])([^}]*))?\}")
"""`${NAME:?words}`: the second group is `:?`, `:-` and so on, or nothing."""


def resolved(text: str, **env: str) -> str:
    """What compose makes of a value of compose.yaml with this .env."""
    return VARIABLE.sub(lambda found: env.get(found[1]) or (found[3] if found[2] == ":-" else ""), text)
