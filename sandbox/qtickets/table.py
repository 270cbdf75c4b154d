"""One list endpoint's documents with the indexes that make a page of 100,000 orders cheap.

Indexes are built at the first request that needs them and dropped by ``touch``, which follows every change.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from sandbox.qtickets.errors import UnhandledFault
from sandbox.qtickets.filters import Cell, comparable, matching
from sandbox.qtickets.query import Condition
from sandbox.qtickets.wire import Document

_REMEMBERED_RESULTS = 64


def _as_it_is(document: Document) -> Document:
    return document


class Table:
    """Documents of one resource, asked of ``source`` when indexes are built.

    ``adapt`` gives the form in which they are filtered and served, ``reword`` the types in which they are sent.
    """

    def __init__(
        self,
        resource: str,
        source: Callable[[], list[Document]],
        per_page: int,
        *,
        sorted_by_id: bool = True,
        adapt: Callable[[Document], Document] = _as_it_is,
        reword: Callable[[Document], Document] = _as_it_is,
    ) -> None:
        self.resource = resource
        self._source = source
        self.per_page = per_page
        self._sorted_by_id = sorted_by_id
        self._adapt = adapt
        self.reword = reword
        self.touch()

    def touch(self) -> None:
        """Forget every index, because the documents changed."""
        self._rows: list[Document] | None = None
        self._natural: list[int] | None = None
        self._by_id: dict[int, int] | None = None
        self._columns: dict[str, list[Cell]] = {}
        self._results: dict[Hashable, list[int]] = {}

    @property
    def documents(self) -> list[Document]:
        """The documents as they were given, before ``adapt``."""
        return self._source()

    def rows(self) -> list[Document]:
        if self._rows is None:
            self._rows = [self._adapt(document) for document in self.documents]
        return self._rows

    def by_id(self, wanted: int) -> Document | None:
        if self._by_id is None:
            self._by_id = {int(document["id"]): row for row, document in enumerate(self.rows())}
        row = self._by_id.get(wanted)
        return None if row is None else self.rows()[row]

    def find(self, where: list[Condition], order_by: list[tuple[str, bool]]) -> list[int]:
        """Row numbers of all matching documents in the order asked for. Not to be changed by the caller."""
        key = (tuple((item.column, item.operator, repr(item.value)) for item in where), tuple(order_by))
        if key not in self._results:
            if len(self._results) >= _REMEMBERED_RESULTS:
                self._results.clear()
            self._results[key] = self._search(where, order_by)
        return self._results[key]

    def _search(self, where: list[Condition], order_by: list[tuple[str, bool]]) -> list[int]:
        found = self._natural_order()
        for condition in where:
            found = matching(self._column(condition.column), condition, found)
        for column, descending in reversed(order_by):
            cells = self._column(column)
            found = sorted(found, key=lambda row: _sortable(cells[row]), reverse=descending)
        return found

    def _natural_order(self) -> list[int]:
        if self._natural is None:
            rows = self.rows()
            numbers = list(range(len(rows)))
            if self._sorted_by_id:
                numbers.sort(key=lambda row: int(rows[row]["id"]))
            self._natural = numbers
        return self._natural

    def _column(self, column: str) -> list[Cell]:
        if column not in self._columns:
            rows = self.rows()
            if rows and not any(_is_scalar(row, column) for row in rows):
                raise UnhandledFault(f"no column {column}")
            self._columns[column] = [comparable(column, row.get(column)) for row in rows]
        return self._columns[column]


def _is_scalar(row: Document, column: str) -> bool:
    value: Any = row.get(column, ())
    return not isinstance(value, (dict, list, tuple))


def _sortable(cell: Cell) -> tuple[int, float, str]:
    """Nulls first, as MySQL sorts them."""
    if cell is None:
        return (0, 0.0, "")
    return (1, cell, "") if isinstance(cell, float) else (1, 0.0, cell)
