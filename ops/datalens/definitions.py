"""What the workbook is to hold, read from `workbook.yaml`. Knows nothing of DataLens's SDK."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict

_FILE = Path(__file__).with_name("workbook.yaml")
Aggregation = Literal["none", "sum", "max"]
Words = Annotated[
    tuple[str, ...], BeforeValidator(lambda given: given.split() if isinstance(given, str) else given)
]
"""Names with spaces between them."""


class _Definition(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Formula(_Definition):
    """`formula` names columns, `[spend_total]`; DataLens names fields by their titles."""

    title: str
    formula: str
    percent: bool = False


class Column(_Definition):
    title: str
    aggregation: Aggregation
    hidden: bool


class Dataset(_Definition):
    about: str
    columns: Words
    formulas: Words = ()


class Chart(_Definition):
    """`x`, `y` and `columns` are what the SDK calls them for this kind of chart."""

    title: str
    dataset: str
    kind: Literal["line", "column", "flat_table", "pie", "indicator"]
    x: Words = ()
    y: Words = ()
    columns: Words = ()
    filters: tuple[tuple[str, Literal["EQ", "NE", "GTE"], str], ...] = ()
    sort: tuple[str, Literal["asc", "desc"]] | None = None


class Selector(_Definition):
    dataset: str
    column: str
    title: str = ""
    days: tuple[str, str] | None = None


class Tab(_Definition):
    title: str
    note: str = ""
    selectors: tuple[Selector, ...] = ()
    rows: tuple[tuple[str, ...], ...]


class Dashboard(_Definition):
    title: str
    tabs: tuple[Tab, ...]


class Definitions(_Definition):
    titles: dict[str, str]
    sum: Words
    max: Words
    of_a_row: Words
    formulas: dict[str, Formula]
    datasets: dict[str, Dataset]
    charts: dict[str, Chart]
    dashboard: Dashboard

    def columns_of(self, view: str) -> dict[str, Column]:
        return {name: self._column(name) for name in self.datasets[view].columns}

    def formulas_of(self, view: str) -> dict[str, Formula]:
        """With titles in the brackets."""
        found = {name: self.formulas[name] for name in self.datasets[view].formulas}
        return {
            name: one.model_copy(update={"formula": re.sub(r"\[(\w+)\]", self._titled, one.formula)})
            for name, one in found.items()
        }

    def _titled(self, column: re.Match[str]) -> str:
        return f"[{self.titles[column[1]]}]"

    def _column(self, name: str) -> Column:
        aggregation: Aggregation = "sum" if name in self.sum else "max" if name in self.max else "none"
        return Column(title=self.titles[name], aggregation=aggregation, hidden=name in self.of_a_row)


@cache
def definitions() -> Definitions:
    return Definitions.model_validate(yaml.safe_load(_FILE.read_text(encoding="utf-8")))
