"""How a condition of ``where`` compares: dates as instants, numbers as numbers, null as in SQL."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sandbox.qtickets.errors import UnhandledFault
from sandbox.qtickets.query import Condition
from sandbox.qtickets.wire import MOSCOW

_DATE_ENDINGS = ("_at", "_to", "_date")
_DATE = re.compile(r"^\d{4}-\d\d-\d\d([T ]\d\d:\d\d:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?$")
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}

Cell = float | str | None
"""A value made comparable: instants as seconds, numbers and flags as numbers, anything else as text."""


def comparable(column: str, value: Any) -> Cell:
    """A document's value in the form that conditions compare."""
    if value is None:
        return None
    if column.endswith(_DATE_ENDINGS):
        return instant(value)
    return float(value) if isinstance(value, (bool, int, float)) else str(value)


def instant(value: Any) -> float:
    """Seconds since the epoch. A date or a time without offset is Moscow time."""
    text = str(value)
    if not _DATE.match(text):
        raise UnhandledFault(f"not a date: {text}")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UnhandledFault(f"not a date: {text}") from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=MOSCOW)).timestamp()


def matching(cells: list[Cell], condition: Condition, rows: list[int]) -> list[int]:
    """Those of the row numbers whose cell satisfies the condition. Null satisfies no comparison."""
    if condition.operator == "null":
        return [row for row in rows if cells[row] is None]
    if condition.operator == "not null":
        return [row for row in rows if cells[row] is not None]
    compare = _COMPARISONS.get(condition.operator)
    if compare is None or condition.value is None:
        raise UnhandledFault(f"cannot compare with {condition.operator} {condition.value!r}")
    wanted = _wanted(cells, condition)
    return [row for row in rows if (cell := cells[row]) is not None and compare(cell, wanted)]


def _wanted(cells: list[Cell], condition: Condition) -> Cell:
    if condition.column.endswith(_DATE_ENDINGS):
        return instant(condition.value)
    sample = next((cell for cell in cells if cell is not None), None)
    if not isinstance(sample, float):
        return str(condition.value)
    try:
        return float(condition.value)
    except (TypeError, ValueError) as error:
        raise UnhandledFault(f"not a number: {condition.value!r}") from error
