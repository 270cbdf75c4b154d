"""``Filter`` of a report: AND-ed conditions on ids, words and figures, with every value as a string."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from sandbox.direct.errors import DirectError
from sandbox.direct.reports import fields as known

Value = Decimal | str | None
_MICROS = 1_000_000
_VALUES_AT_MOST = 10_000
_WORDS = frozenset({"CampaignType", "AdNetworkType", "Keyword", "Query"})
_CASELESS = frozenset({"Keyword", "Query"})

_SETS: dict[str, Callable[[Value, frozenset[Value]], bool]] = {
    "EQUALS": lambda value, wanted: value in wanted,
    "NOT_EQUALS": lambda value, wanted: value not in wanted,
    "IN": lambda value, wanted: value in wanted,
    "NOT_IN": lambda value, wanted: value not in wanted,
}
_COMPARISONS: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "LESS_THAN": lambda value, wanted: value < wanted,
    "GREATER_THAN": lambda value, wanted: value > wanted,
}
_STARTS = {
    "STARTS_WITH_IGNORE_CASE": True,
    "STARTS_WITH_ANY_IGNORE_CASE": True,
    "DOES_NOT_START_WITH_IGNORE_CASE": False,
    "DOES_NOT_START_WITH_ALL_IGNORE_CASE": False,
}
_ONE_VALUE = {"EQUALS", "NOT_EQUALS", *_COMPARISONS, "STARTS_WITH_IGNORE_CASE", "DOES_NOT_START_WITH_IGNORE_CASE"}


@dataclass(frozen=True, slots=True)
class Filter:
    """Numbers are Decimal; those of money are micros, whatever the reader wants to see."""

    field: str
    operator: str
    values: tuple[Value, ...]

    @property
    def on_figures(self) -> bool:
        """Whether it looks at the figures of a finished row."""
        return self.field in known.METRICS

    def accepts(self, value: int | Decimal | str | None) -> bool:
        """``value`` in the field's own unit: money in RUB. None is no value."""
        own = _comparable(self.field, value)
        if self.operator in _SETS:
            return _SETS[self.operator](own, frozenset(self.values))
        wanted = self.values[0]
        if self.operator in _COMPARISONS:
            both = isinstance(own, Decimal) and isinstance(wanted, Decimal)
            return both and _COMPARISONS[self.operator](own, wanted)  # type: ignore[arg-type]
        starts = any(str(own or "").lower().startswith(str(value).lower()) for value in self.values)
        return starts == _STARTS[self.operator]


def parse_filters(items: object, kind: str) -> tuple[Filter, ...]:
    """Raises DirectError 8000."""
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise DirectError(8000, "Filter must contain an array of objects")
    filters = tuple(_parse(item, kind) for item in items)
    if len({item.field for item in filters}) < len(filters):
        raise DirectError(8000, "Only one Filter for a field is allowed")
    return filters


def _parse(item: dict[str, object], kind: str) -> Filter:
    field, operator, values = (item.get(name) for name in ("Field", "Operator", "Values"))
    if not isinstance(field, str) or field not in known.FILTERABLE or field in known.FORBIDDEN[kind]:
        raise DirectError(8000, f"Filtering by the field {field} is not allowed in {kind}")
    if not isinstance(operator, str) or operator not in {*_SETS, *_COMPARISONS, *_STARTS}:
        raise DirectError(8000, f"Filter.Operator contains an incorrect enumeration value {operator}")
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise DirectError(8000, "Filter.Values must contain strings")
    most = 1 if operator in _ONE_VALUE else _VALUES_AT_MOST
    if not 0 < len(values) <= most:
        raise DirectError(8000, f"Filter.Values must contain 1 to {most} values for {operator}")
    return Filter(field, operator, tuple(_wanted(field, value) for value in values))


def _wanted(field: str, text: str) -> Value:
    if field in _WORDS:
        return text.lower() if field in _CASELESS else text
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise DirectError(8000, f"Filter.Values contains an incorrect number {text}") from error


def _comparable(field: str, value: int | Decimal | str | None) -> Value:
    if isinstance(value, str):
        return value.lower() if field in _CASELESS else value
    if value is None:
        return None
    return Decimal(value) * (_MICROS if field in known.MONEY else 1)
