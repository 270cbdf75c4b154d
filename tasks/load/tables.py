"""How a table is kept: its key, the figures to reconcile and which rows a load answers for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Scope:
    """The rows of a table that a load answers for: those it did not bring are no longer in the source."""

    where: str = "1"
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """`rows_between` is SQL over `{start}` and `{end}`: the rows of a window. Without it a load brings the whole
    table. `keeps_vanished`: rows that the source no longer has stay, since older facts refer to them."""

    name: str
    key: tuple[str, ...]
    measures: tuple[str, ...] = ()
    rows_between: str = ""
    keeps_vanished: bool = False

    def scope(self, start: datetime, end: datetime) -> Scope:
        if not self.rows_between:
            return Scope()
        kind = "DateTime64(3, 'UTC')"
        where = self.rows_between.format(start=f"{{start:{kind}}}", end=f"{{end:{kind}}}")
        return Scope(where, {"start": start, "end": end})


@dataclass(frozen=True)
class Mart:
    """A table made of other tables by `sql/marts/{name}.sql`; `day` is the column by which it is restated."""

    table: Table
    day: str
