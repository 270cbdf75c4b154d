"""How a table is kept: its key, the figures to reconcile and which rows a load answers for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tasks.window import Window


@dataclass(frozen=True)
class Scope:
    """The rows of a table that a load answers for: those it did not bring are no longer in the source."""

    where: str = "1"
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """`rows_between` is SQL for the rows of a window, over `{start}` and `{end}` (instants) or over `{first}` and
    `{last}` (Moscow days). Without it a load brings the whole table. `keeps_vanished`: rows that the source no
    longer has stay, since older facts refer to them."""

    name: str
    key: tuple[str, ...]
    measures: tuple[str, ...] = ()
    rows_between: str = ""
    keeps_vanished: bool = False

    def scope(self, window: Window, as_of: datetime) -> Scope:
        """The rows of `window` as far as it had passed at `as_of`."""
        values = {
            "start": ("DateTime64(3, 'UTC')", window.start),
            "end": ("DateTime64(3, 'UTC')", min(window.end, as_of)),
            "first": ("Date", window.first),
            "last": ("Date", window.last),
        }
        used = {name: value for name, (_, value) in values.items() if f"{{{name}}}" in self.rows_between}
        places = {name: f"{{{name}:{kind}}}" for name, (kind, _) in values.items()}
        return Scope(self.rows_between.format(**places), used) if used else Scope()


@dataclass(frozen=True)
class Mart:
    """A table made of other tables by `sql/marts/{name}.sql`; `day` is the column by which it is restated."""

    table: Table
    day: str
