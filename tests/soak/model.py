"""What a warehouse may hold, whatever the order of loads: of two runs the one that read later is right, row by row.

Knows the runs by what the sources said when they read, and nothing of how the product keeps it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from tests.soak.scene import Key, Value, View


@dataclass(eq=False)
class Run:
    """One run that has read. `read` orders the readings. Of a run that is no success nobody knows what it wrote, or
    how far its window had grown: it may excuse a row and accuses none. `keeps`: it says itself that it kept rows
    that it did not find."""

    source: str
    first: date
    last: date
    view: View | None = None
    read: int = 0
    status: str = "running"
    keeps: bool = False

    def covers(self, day: object) -> bool:
        return self.status != "success" or (isinstance(day, date) and self.first <= day <= self.last)

    @property
    def rows(self) -> dict[Key, Value]:
        """What it found in its window."""
        assert self.view
        return {key: value for key, value in self.view.rows[self.source].items() if self.covers(value[-1])}


@dataclass
class Model:
    runs: list[Run] = field(default_factory=list)

    def wrong(self, held: dict[Key, Value]) -> Iterator[str]:
        """Rows of one source that are older than a successful run's reading, back again, made up or lost."""
        readers = [(run, run.rows) for run in self.runs if run.view]
        good = [(run, rows) for run, rows in readers if run.status == "success"]
        for key, value in held.items():
            seen = [run.read for run, rows in readers if rows.get(key) == value]
            if not seen:
                yield f"{key} {value}: no run has read that"
                continue
            for run, rows in good:
                if run.read <= max(seen) or key in run.view.blind:  # type: ignore[union-attr]
                    continue
                if key in rows:
                    yield f"{key} {value}: a later run has read {rows[key]}"
                elif run.covers(value[-1]) and not run.keeps:
                    yield f"{key} {value}: a later run found it gone"
        for run, rows in good:
            for key, value in rows.items():
                if key in held or key in run.view.blind:  # type: ignore[union-attr]
                    continue
                later = [r for r, found in readers if r.read > run.read and key not in found]
                if not any(r.covers(value[-1]) for r in later):
                    yield f"{key} {value}: lost, though no later run found it gone"
