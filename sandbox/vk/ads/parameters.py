"""The query of a request: names may repeat, and lists come with commas or by repetition."""

from __future__ import annotations

from datetime import date
from urllib.parse import parse_qsl


class Parameters:
    """Values by name, in order. An empty value counts as not given."""

    def __init__(self, query: str) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in parse_qsl(query):
            self._values.setdefault(name, []).append(value)

    def plain(self) -> dict[str, str]:
        """Each name with its values joined by commas."""
        return {name: ",".join(values) for name, values in self._values.items()}

    def names(self) -> list[str]:
        return list(self._values)

    def get(self, name: str) -> str | None:
        """The last one counts."""
        return self._values.get(name, [None])[-1]

    def list(self, name: str) -> list[str]:
        return [part.strip() for value in self._values.get(name, []) for part in value.split(",") if part.strip()]


def day_of(text: str) -> date | None:
    """``YYYY-MM-DD`` and nothing else."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.isoformat() == text else None
