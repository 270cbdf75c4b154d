"""Wrong bodies that look whole, made from a right one: editors of any JSON body of lists of objects and of any TSV report.

They know no API: a list is the first list of objects that a body holds, a count is a number named so, a day is a text
that looks like one. An editor that finds nothing to change gives the body back as it was. Bodies that are no such
document any more are made in `malform.py`.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import partial
from typing import Any

Editor = Callable[[bytes], bytes]
Leaf = Callable[[Any], Any]

_COUNTS = ("total", "count", "limit_count")
_DAY = re.compile(r"^(\d{4}-\d\d-\d\d)(?=$|[T ])")
_FAR = 40
"""Days by which a day is moved out of any window of the table."""
_TAIL = "00000000011"
_TOTAL = re.compile(rb"(Total rows: )(\d+)")


# --- JSON ---------------------------------------------------------------------------------------------------------


def _json(change: Callable[[Any], Any]) -> Editor:
    """The editor that applies `change` to the parsed body; None from it: nothing to change."""

    def edit(body: bytes) -> bytes:
        changed = change(json.loads(body))
        return body if changed is None else json.dumps(changed).encode()

    return edit


def _place(node: Any) -> tuple[Any, Any] | None:
    """Where the first list of objects (or empty list) is: its parent and its key."""
    if not isinstance(node, dict):
        return None
    for key, value in node.items():
        if isinstance(value, list) and (not value or isinstance(value[0], dict)):
            return node, key
    return next((found for value in node.values() if (found := _place(value))), None)


def _of_list(change: Callable[[list[Any]], Any], *, counted: bool = False) -> Editor:
    """The editor of the list. `counted`: the counts follow it, so that only another reply can give it away."""

    def edit(document: Any) -> Any:
        place = _place(document)
        if place is None:
            return None
        parent, key = place
        before = parent[key]
        after = change(copy.deepcopy(before))
        parent[key] = after
        if counted:
            for holder, name in list(_holders(document)):
                holder[name] = max(0, holder[name] + len(after) - len(before))
        return document

    return _json(edit)


def _holders(document: Any) -> Iterator[tuple[Any, str]]:
    """Where the counts are: at the top and one below, never within the items."""
    tops = [document, *(value for value in document.values() if isinstance(value, dict))]
    for top in tops:
        yield from ((top, key) for key in _COUNTS if isinstance(top.get(key), int))


def _counts(change: Leaf) -> Editor:
    def edit(document: Any) -> Any:
        if not isinstance(document, dict) or not (found := list(_holders(document))):
            return None
        for holder, key in found:
            holder[key] = change(holder[key])
        return document

    return _json(edit)


def _of_items(change: Callable[[Any], Any]) -> Editor:
    return _of_list(lambda items: [change(item) for item in items])


_GONE = object()


def _inner(change: Callable[[Any], Any]) -> Editor:
    """`change` for what each item holds inside: lists of objects, else objects. `_GONE` drops it."""

    def edit(item: Any) -> Any:
        lists = [k for k, v in item.items() if isinstance(v, list) and v and isinstance(v[0], dict)]
        inner = lists or [k for k, v in item.items() if isinstance(v, dict)]
        changed = {key: change(item[key]) for key in inner}
        rest = {key: value for key, value in item.items() if key not in inner}
        return rest | {key: value for key, value in changed.items() if value is not _GONE}

    return _of_items(edit)


def _leaves(change: Leaf, *, but_ids: bool = False) -> Callable[[Any], Any]:
    """`change` for each plain value inside, ids excepted if asked."""

    def edit(node: Any, name: str = "") -> Any:
        if isinstance(node, dict):
            return {key: edit(value, key) for key, value in node.items()}
        if isinstance(node, list):
            return [edit(value, name) for value in node]
        return node if but_ids and (name == "id" or name.lower().endswith("id")) else change(node)

    return edit


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_money_text(value: Any) -> bool:
    """Whole numbers as text may be tags, which are to stay."""
    return isinstance(value, str) and re.fullmatch(r"\d+\.\d+", value) is not None


_MONEY = re.compile("price|amount|value|spent|cost|sum", re.IGNORECASE)


def _with_tails(node: Any, name: str = "") -> Any:
    """Money as PHP prints what is a little more than it: the last digits of a float are off."""
    if isinstance(node, dict):
        return {key: _with_tails(value, key) for key, value in node.items()}
    if isinstance(node, list):
        return [_with_tails(value, name) for value in node]
    if not _is_money_text(node) and not (_number(node) and _MONEY.search(name)):
        return node
    whole, _, part = str(node).partition(".")
    text = f"{whole}.{part:0<2}{_TAIL}"
    return text if isinstance(node, str) else float(text)


def _shifted(value: Any) -> Any:
    if isinstance(value, str) and (found := _DAY.match(value)):
        return f"{date.fromisoformat(found[1]) + timedelta(days=_FAR)}{value[found.end() :]}"
    return value


def _with_stranger(items: list[Any], *, instead: bool) -> list[Any]:
    """The last item with a day, at whatever depth, again (or instead) on a day long after, under an id of its own."""
    if not items:
        return items
    last = items[-1]
    if any(isinstance(v, str) and _DAY.match(v) for v in last.values()):
        moved = _leaves(_shifted)(copy.deepcopy(last))
        if instead:
            return [*items[:-1], moved]
        if "id" in moved:
            moved = _leaves(lambda v: v + 7 if _number(v) and v > 10**6 else v)(moved)
        return [*items, moved]
    for key, value in last.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            last[key] = _with_stranger(value, instead=instead)
            break
    return items


def _other_ids(item: Any) -> Any:
    ids = ("id", "Id", "CampaignId")
    return {k: v + 77_777_777 if k in ids and isinstance(v, int) else v for k, v in item.items()}


def _without(path: str, item: Any) -> Any:
    """The item without a field; `rows.base.spent` looks into each of a list."""
    name, _, rest = path.partition(".")
    if isinstance(item, list):
        return [_without(path, one) for one in item]
    if not isinstance(item, dict) or name not in item:
        return item
    if not rest:
        return {key: value for key, value in item.items() if key != name}
    return item | {name: _without(rest, item[name])}


def without(path: str) -> Editor:
    return _of_items(partial(_without, path))


LISTS: dict[str, Editor] = {
    "list_emptied": _of_list(lambda _: []),
    "list_emptied_and_count": _of_list(lambda _: [], counted=True),
    "list_halved": _of_list(lambda items: items[: len(items) // 2]),
    "list_halved_and_count": _of_list(lambda items: items[: len(items) // 2], counted=True),
    "list_null": _of_list(lambda _: None),
    "item_dropped": _of_list(lambda items: items[:-1]),
    "item_null": _of_list(lambda items: [None, *items[1:]]),
    "item_empty": _of_list(lambda items: [{}, *items[1:]]),
    "item_twice": _of_list(lambda items: [*items, *items[-1:]]),
    "item_twice_and_count": _of_list(lambda items: [*items, *items[-1:]], counted=True),
    "item_replaced": _of_list(lambda items: [*items[:-1], *items[:1]]),
    "count_higher": _counts(lambda n: n + 1),
    "count_zero": _counts(lambda _: 0),
    "count_text": _counts(str),
    "inner_emptied": _inner(lambda v: type(v)()),
    "inner_dropped": _inner(lambda _: _GONE),
    "inner_halved": _inner(lambda v: v[: len(v) // 2] if isinstance(v, list) else v),
    "values_null": _of_items(_leaves(lambda _: None)),
    "values_null_but_ids": _of_items(_leaves(lambda _: None, but_ids=True)),
    # An empty text may be meant: a name or a link that is not there.
    "values_empty": _of_items(_leaves(lambda v: "" if _number(v) or _is_money_text(v) else v, but_ids=True)),
    "numbers_text": _of_items(_leaves(lambda v: str(v) if _number(v) else v)),
    "numbers_float": _of_items(_leaves(lambda v: float(v) if _number(v) else v)),
    "numbers_negative": _of_items(_leaves(lambda v: -v if _number(v) else v, but_ids=True)),
    "money_with_tail": _of_items(_with_tails),
    "day_after": _of_list(partial(_with_stranger, instead=False), counted=True),
    "day_moved": _of_list(partial(_with_stranger, instead=True)),
    "days_broken": _of_items(_leaves(lambda v: "0000-00-00" if isinstance(v, str) and _DAY.match(v) else v)),
    "other_ids": _of_items(_other_ids),
    "links_escaped": _of_items(_leaves(lambda v: v.replace("&", "&amp;") if isinstance(v, str) else v)),
}
"""By kind: what a list endpoint may send instead."""

OBJECTS: dict[str, Editor] = {
    "values_null": _json(_leaves(lambda _: None)),
    "values_empty": _json(_leaves(lambda _: "")),
    "numbers_negative": _json(_leaves(lambda v: -v if _number(v) else v)),
}
"""The same for an endpoint that answers with one object."""

BODIES: dict[str, Editor] = {
    "empty": lambda _: b"",
    "null": lambda _: b"null",
    "empty_object": lambda _: b"{}",
    "empty_list": lambda _: b"[]",
}
"""What any endpoint with a JSON body may send."""


# --- TSV ----------------------------------------------------------------------------------------------------------

Cells = list[list[bytes]]


def _table(change: Callable[[Cells, list[bytes]], Cells], *, counted: bool = False) -> Editor:
    """The editor of the rows of a report, which end with `Total rows`; `change` gets them and the column names."""

    def edit(body: bytes) -> bytes:
        lines = body.split(b"\n")
        head = next((n for n, line in enumerate(lines) if line.startswith(b"Date\t")), None)
        last = next((n for n, line in enumerate(lines) if line.startswith(b"Total rows")), None)
        if head is None or last is None:
            return body
        names = lines[head].split(b"\t")
        before = [line.split(b"\t") for line in lines[head + 1 : last]]
        rows = change([list(row) for row in before], names)
        if counted:
            lines[last] = _TOTAL.sub(lambda m: m[1] + b"%d" % (int(m[2]) + len(rows) - len(before)), lines[last])
        return b"\n".join([*lines[:head], b"\t".join(names), *(b"\t".join(row) for row in rows), *lines[last:]])

    return edit


def _cells(change: Callable[[bytes, bytes], bytes]) -> Editor:
    """`change` gets the name of the column and the cell."""
    return _table(lambda rows, names: [[change(n, c) for n, c in zip(names, row, strict=False)] for row in rows])


def _column(name: bytes, change: Callable[[bytes], bytes]) -> Editor:
    return _cells(lambda column, cell: change(cell) if column == name else cell)


def without_column(name: str) -> Editor:
    def change(rows: Cells, names: list[bytes]) -> Cells:
        if name.encode() not in names:
            return rows
        at = names.index(name.encode())
        del names[at]
        return [row[:at] + row[at + 1 :] for row in rows]

    return _table(change)


_FIGURES = (b"Impressions", b"Clicks", b"Conversions")


def _moved(rows: Cells, names: list[bytes]) -> Cells:
    """The last row, on a day long after."""
    at = names.index(b"Date")
    return [[*row[:at], _shifted(row[at].decode()).encode(), *row[at + 1 :]] for row in rows[-1:]]


def _total(change: Callable[[int], int]) -> Editor:
    return lambda body: _TOTAL.sub(lambda m: m[1] + b"%d" % change(int(m[2])), body)


def _reversed(rows: Cells, names: list[bytes]) -> Cells:
    names.reverse()
    return [row[::-1] for row in rows]


REPORTS: dict[str, Editor] = {
    "list_emptied": _table(lambda rows, _: []),
    "list_emptied_and_count": _table(lambda rows, _: [], counted=True),
    "list_halved": _table(lambda rows, _: rows[: len(rows) // 2]),
    "list_halved_and_count": _table(lambda rows, _: rows[: len(rows) // 2], counted=True),
    "item_dropped": _table(lambda rows, _: rows[:-1]),
    "item_twice": _table(lambda rows, _: [*rows, *rows[-1:]]),
    "item_twice_and_count": _table(lambda rows, _: [*rows, *rows[-1:]], counted=True),
    "item_replaced": _table(lambda rows, _: [*rows[:-1], *rows[:1]]),
    "count_higher": _total(lambda n: n + 1),
    "count_zero": _total(lambda _: 0),
    "figures_null": _cells(lambda name, cell: b"--" if name in (*_FIGURES, b"Cost") else cell),
    "values_empty": _cells(lambda _, cell: b""),
    "numbers_float": _cells(lambda name, cell: cell + b".0" if name in _FIGURES and cell.isdigit() else cell),
    "numbers_negative": _column(b"Cost", lambda cell: b"-" + cell),
    "money_with_tail": _column(b"Cost", lambda cell: cell + _TAIL.encode() if b"." in cell else cell),
    "money_in_micros": _column(b"Cost", lambda cell: cell.replace(b".", b"") + b"0000"),
    "day_after": _table(lambda rows, names: [*rows, *_moved(rows, names)], counted=True),
    "day_moved": _table(lambda rows, names: [*rows[:-1], *_moved(rows, names)]),
    "days_broken": _column(b"Date", lambda _: b"0000-00-00"),
    "other_ids": _column(b"AdId", lambda cell: cell + b"0" if cell.isdigit() else cell),
    "columns_moved": _table(_reversed),
    "carriage_returns": lambda body: body.replace(b"\n", b"\r\n"),
    "no_total": lambda body: body[: body.rfind(b"Total rows")],
    "empty": lambda _: b"",
    "cut_between_rows": lambda body: b"\n".join(body.split(b"\n")[:-6]),
}
"""By kind: what a report may be instead."""
