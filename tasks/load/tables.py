"""How a table is kept: its key, the figures to reconcile and which rows a load answers for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import polars as pl

from tasks.window import Window


@dataclass(frozen=True)
class Scope:
    """The rows of a table that a load replaces: those it does not bring are no longer in the source. `window`:
    their days, where they are chosen by day."""

    where: str = "1"
    parameters: Mapping[str, Any] = field(default_factory=dict)
    window: Window | None = None


@dataclass(frozen=True)
class Table:
    """`rows_between` is SQL for the rows of a window, over `{start}` and `{end}` (instants) or over `{first}` and
    `{last}` (Moscow days); over neither where a load brings them all. `day` gives the Moscow day of a row, null
    where it has none or no mart goes by it. `keeps_vanished`: rows that the source no longer has stay, since older
    facts refer to them. `money`: what a row adds to the figures. `moves`: the instant by whose month the table is
    partitioned, where it may change and so leave an older version of a row in another partition, where no merge
    finds it; then the key is an account and a number.
    """

    name: str
    key: tuple[str, ...]
    measures: tuple[str, ...] = ()
    rows_between: str = ""
    day: pl.Expr | None = None
    money: pl.Expr | None = None
    keeps_vanished: bool = False
    moves: str = ""

    def scope(self, account: str, window: Window, as_of: datetime) -> Scope:
        """The rows that the account has in `window`, as far as it had passed at `as_of`; all that it has where the
        table is not loaded by day."""
        values = {
            "start": ("DateTime64(3, 'UTC')", window.start),
            "end": ("DateTime64(3, 'UTC')", min(window.end, as_of)),
            "first": ("Date", window.first),
            "last": ("Date", window.last),
        }
        used = {name: value for name, (_, value) in values.items() if f"{{{name}}}" in self.rows_between}
        places = {name: f"{{{name}:{kind}}}" for name, (kind, _) in values.items()}
        if not used:
            return of_account(account, self.rows_between or "1")
        return of_account(account, self.rows_between.format(**places), used, window)


def of_account(
    account: str, where: str = "1", parameters: Mapping[str, Any] | None = None, window: Window | None = None
) -> Scope:
    """A part of what the account has: a load never touches rows of another."""
    return Scope(f"account = {{account:String}} AND ({where})", {**(parameters or {}), "account": account}, window)


@dataclass(frozen=True)
class Mart:
    """A table made of other tables by `sql/marts/{name}.sql`. `day` is the column by which it is restated: a day
    or, `by_month`, the first of a month."""

    table: Table
    day: str
    by_month: bool = False
