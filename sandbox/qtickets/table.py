"""One list endpoint's documents with the indexes that make a page of 100,000 orders cheap.

How a condition of ``where`` compares: dates as instants, numbers as numbers, and null satisfies none.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from sandbox.qtickets.query import Condition
from sandbox.qtickets.wire import Document, UnhandledFault
from sandbox.world.clock import MOSCOW

_COMPARISONS: dict[str, Callable[[float, float], bool]] = {"=": operator.eq, ">=": operator.ge, "<": operator.lt}
_REMEMBERED_RESULTS = 64


class Table:
    """Documents of one resource. Indexes are built at the first request that needs them: after a change of the
    documents, make another table."""

    def __init__(self, resource: str, source: Callable[[], list[Document]], per_page: int) -> None:
        self.resource = resource
        self._source = source
        self.per_page = per_page
        self._by_id: list[int] | None = None
        self._columns: dict[str, list[float | None]] = {}
        self._results: dict[tuple[Condition, ...], list[int]] = {}

    @property
    def documents(self) -> list[Document]:
        return self._source()

    def with_id(self, wanted: int) -> Document | None:
        return next((document for document in self.documents if int(document["id"]) == wanted), None)

    def find(self, where: Iterable[Condition]) -> list[int]:
        """Row numbers of all matching documents, ascending by id. Not to be changed by the caller."""
        key = tuple(where)
        if key not in self._results:
            if len(self._results) >= _REMEMBERED_RESULTS:
                self._results.clear()
            self._results[key] = self._search(key)
        return self._results[key]

    def _search(self, where: tuple[Condition, ...]) -> list[int]:
        if self._by_id is None:
            documents = self.documents
            self._by_id = sorted(range(len(documents)), key=lambda row: int(documents[row]["id"]))
        found = self._by_id
        for condition in where:
            compare = _COMPARISONS.get(condition.operator)
            if compare is None:
                raise UnhandledFault(f"cannot compare with {condition.operator}")
            cells, wanted = self._column(condition.column), _number(condition.column, condition.value)
            found = [row for row in found if (cell := cells[row]) is not None and compare(cell, wanted)]
        return found

    def _column(self, column: str) -> list[float | None]:
        if column not in self._columns:
            documents = self.documents
            if documents and not any(column in document for document in documents):
                raise UnhandledFault(f"no column {column}")
            values = (document.get(column) for document in documents)
            self._columns[column] = [_cell(column, value) for value in values]
        return self._columns[column]


def _cell(column: str, value: Any) -> float | None:
    """A flag in words equals no number."""
    is_word = isinstance(value, str) and value.isalpha() and not column.endswith("_at")
    return None if value is None or is_word else _number(column, value)


def _number(column: str, value: Any) -> float:
    """A date as seconds since the epoch; one without an offset is Moscow time."""
    try:
        if not column.endswith("_at"):
            return float(value)
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise UnhandledFault(f"{column} cannot be {value!r}") from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=MOSCOW)).timestamp()
