"""Wrong bodies, made from a right one: editors of any JSON body of lists of objects, and of any TSV report.

They know no API: a list is the first list of objects that a body holds, a count is a number named so, a day is a text
that looks like one. An editor that finds nothing to change gives the body back as it was.
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
        document = json.loads(body)
        changed = change(document)
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
        if counted and isinstance(after, list):
            _add(document, len(after) - len(before))
        return document

    return _json(edit)


def _holders(document: Any) -> Iterator[tuple[Any, str]]:
    """Where the counts are: at the top and one below, never within the items."""
    tops = [document, *(value for value in document.values() if isinstance(value, dict))]
    for top in tops:
        yield from ((top, key) for key in _COUNTS if isinstance(top.get(key), int))


def _add(document: Any, by: int) -> None:
    for holder, key in list(_holders(document)):
        holder[key] = max(0, holder[key] + by)


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


def _inner(change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """`change` for what each item holds inside: lists of objects, else objects. None drops it."""

    def edit(item: Any) -> Any:
        lists = [k for k, v in item.items() if isinstance(v, list) and v and isinstance(v[0], dict)]
        inner = lists or [k for k, v in item.items() if isinstance(v, dict)]
        changed = {key: change(item[key]) for key in inner}
        rest = {key: value for key, value in item.items() if key not in inner}
        return rest | {key: value for key, value in changed.items() if value is not _GONE}

    return edit


_GONE = object()


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


def _is_number_text(value: Any) -> bool:
    """Money as text. Whole numbers as text may be tags, which are to stay."""
    return isinstance(value, str) and re.fullmatch(r"\d+\.\d+", value) is not None


def _as_text(value: Any) -> Any:
    return str(value) if _number(value) else value


def _as_float(value: Any) -> Any:
    return float(value) if _number(value) else value


_MONEY = re.compile("price|amount|value|spent|cost|sum", re.IGNORECASE)


def _with_tails(node: Any, name: str = "") -> Any:
    """Money as PHP prints what is a little more than it: the last digits of a float are off."""
    if isinstance(node, dict):
        return {key: _with_tails(value, key) for key, value in node.items()}
    if isinstance(node, list):
        return [_with_tails(value, name) for value in node]
    is_text = _is_number_text(node) and "." in str(node)
    if not is_text and not (_number(node) and _MONEY.search(name)):
        return node
    whole, _, part = str(node).partition(".")
    text = f"{whole}.{part:0<2}{_TAIL}"
    return text if is_text else float(text)


def _shifted(value: Any) -> Any:
    if isinstance(value, str) and (found := _DAY.match(value)):
        day = date.fromisoformat(found[1]) + timedelta(days=_FAR)
        return f"{day}{value[found.end() :]}"
    return value


def _has_day(item: Any) -> bool:
    return isinstance(item, dict) and any(isinstance(v, str) and _DAY.match(v) for v in item.values())


def _with_stranger(items: list[Any], *, instead: bool) -> list[Any]:
    """The last item with a day, at whatever depth, again (or instead) on a day long after, under an id of its own."""
    if not items:
        return items
    if _has_day(items[-1]):
        moved = _leaves(_shifted)(copy.deepcopy(items[-1]))
        if "id" in moved and not instead:
            moved = _leaves(lambda v: v + 7 if isinstance(v, int) and not isinstance(v, bool) and v > 10**6 else v)(
                moved
            )
        return [*items[:-1], moved] if instead else [*items, moved]
    last = items[-1]
    for key, value in last.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            last[key] = _with_stranger(value, instead=instead)
            break
    return items


def _ids_moved(value: Any) -> Any:
    return value + 77_777_777 if isinstance(value, int) and not isinstance(value, bool) else value


def _other_ids(item: Any) -> Any:
    return {k: _ids_moved(v) if k in ("id", "Id", "CampaignId") else v for k, v in item.items()}


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


_MARK = "@text@"


def _marked(item: Any) -> Any:
    """The mark at the beginning of the item's name, and of tags that no figure rests on."""
    plain = {k: f"{_MARK}{v}" if k in ("name", "Name") and isinstance(v, str) else v for k, v in item.items()}
    utm = plain.get("utm")
    if isinstance(utm, dict):
        mine = ("utm_term", "utm_campaign")
        plain["utm"] = {k: f"{_MARK}{v}" if k in mine and isinstance(v, str) else v for k, v in utm.items()}
    return plain


def _in_a_text(piece: bytes) -> Editor:
    """The piece within each name."""
    return lambda body: _of_items(_marked)(body).replace(_MARK.encode(), piece)


def _nested(_: bytes) -> bytes:
    return b'{"data":' * 50_000 + b"[]" + b"}" * 50_000


def _deep_field(body: bytes) -> bytes:
    """A field more, nested beyond what a parser follows."""
    at = body.find(b"{")
    return body if at < 0 else body[: at + 1] + b'"extra":' + b"[" * 50_000 + b"]" * 50_000 + b"," + body[at + 1 :]


def _renamed_numbers(text: str) -> Editor:
    """Each number of the items replaced by a word of JSON's that is none of JSON's."""

    def edit(body: bytes) -> bytes:
        mark = "@number@"
        edited = _of_items(_leaves(lambda v: mark if _number(v) else v, but_ids=True))(body)
        return edited.replace(f'"{mark}"'.encode(), text.encode())

    return edit


LISTS: dict[str, Editor] = {
    "list_emptied": _of_list(lambda _: []),
    "list_emptied_and_count": _of_list(lambda _: [], counted=True),
    "list_halved": _of_list(lambda items: items[: len(items) // 2]),
    "list_halved_and_count": _of_list(lambda items: items[: len(items) // 2], counted=True),
    "item_dropped": _of_list(lambda items: items[:-1]),
    "item_dropped_and_count": _of_list(lambda items: items[:-1], counted=True),
    "item_null": _of_list(lambda items: [None, *items[1:]]),
    "item_empty": _of_list(lambda items: [{}, *items[1:]]),
    "item_text": _of_list(lambda items: ["error", *items[1:]]),
    "list_null": _of_list(lambda _: None),
    "list_as_object": _of_list(lambda items: {str(n): item for n, item in enumerate(items)}),
    "count_higher": _counts(lambda n: n + 1),
    "count_lower": _counts(lambda n: max(0, n - 1)),
    "count_zero": _counts(lambda _: 0),
    "count_text": _counts(str),
    "count_infinity": _counts(lambda _: float("inf")),
    "count_word": _counts(lambda _: "many"),
    "count_negative": _counts(lambda n: -n),
    "inner_emptied": _of_items(_inner(lambda v: type(v)())),
    "inner_dropped": _of_items(_inner(lambda _: _GONE)),
    "inner_null": _of_items(_inner(lambda _: None)),
    "inner_halved": _of_items(_inner(lambda v: v[: len(v) // 2] if isinstance(v, list) else v)),
    "inner_text": _of_items(_inner(lambda _: "none")),
    "values_null": _of_items(_leaves(lambda _: None)),
    "values_null_but_ids": _of_items(_leaves(lambda _: None, but_ids=True)),
    # An empty text may be meant: a name or a link that is not there.
    "values_empty": _of_items(_leaves(lambda v: "" if _number(v) or _is_number_text(v) else v, but_ids=True)),
    "values_objects": _of_items(_leaves(lambda v: {"value": v}, but_ids=True)),
    "values_lists": _of_items(_leaves(lambda v: [v], but_ids=True)),
    "values_true": _of_items(_leaves(lambda v: True if _number(v) and v > 1 else v, but_ids=True)),
    "numbers_text": _of_items(_leaves(_as_text)),
    "numbers_float": _of_items(_leaves(_as_float)),
    "numbers_negative": _of_items(_leaves(lambda v: -v if _number(v) else v, but_ids=True)),
    "numbers_words": _of_items(_leaves(lambda v: "soon" if _number(v) or _is_number_text(v) else v, but_ids=True)),
    "numbers_infinity": _renamed_numbers("Infinity"),
    "numbers_nan": _renamed_numbers("NaN"),
    "money_with_tail": _of_items(_with_tails),
    "ids_words": _of_items(lambda item: {k: "x" if k in ("id", "Id") else v for k, v in item.items()}),
    "day_after": _of_list(partial(_with_stranger, instead=False), counted=True),
    "day_moved": _of_list(partial(_with_stranger, instead=True)),
    "days_broken": _of_items(_leaves(lambda v: "0000-00-00" if isinstance(v, str) and _DAY.match(v) else v)),
    "item_twice": _of_list(lambda items: [*items, *items[-1:]]),
    "item_twice_and_count": _of_list(lambda items: [*items, *items[-1:]], counted=True),
    "item_replaced": _of_list(lambda items: [*items[:-1], *items[:1]]),
    "other_ids": _of_items(_other_ids),
    "links_escaped": _of_items(_leaves(lambda v: v.replace("&", "&amp;") if isinstance(v, str) else v)),
}
"""By kind: what a list endpoint may send instead."""

_DIGITS = re.compile(r"\d+")


def _is_figure(value: Any) -> bool:
    return _number(value) or (isinstance(value, str) and _DIGITS.fullmatch(value) is not None)


OBJECTS: dict[str, Editor] = {
    kind: _json(_leaves(change))
    for kind, change in {
        "values_null": lambda _: None,
        "values_empty": lambda _: "",
        "values_objects": lambda v: {"value": v},
        "numbers_words": lambda v: "soon" if _is_figure(v) else v,
        "numbers_text": _as_text,
        "numbers_float": _as_float,
        "numbers_negative": lambda v: -v if _number(v) else v,
        "numbers_infinity": lambda v: float("inf") if _is_figure(v) else v,
    }.items()
}
"""The same for an endpoint that answers with one object."""

BODIES: dict[str, Editor] = {
    "empty": lambda _: b"",
    "null": lambda _: b"null",
    "empty_object": lambda _: b"{}",
    "empty_list": lambda _: b"[]",
    "text": lambda _: b'"ok"',
    "in_a_list": lambda body: b"[" + body + b"]",
    "byte_order_mark": lambda body: b"\xef\xbb\xbf" + body,
    "other_encoding": lambda body: body.decode().encode("utf-16"),
    "page_within": lambda body: b"<!DOCTYPE html><p>Warning: deprecated</p>" + body,
    "nested_deep": _nested,
    "field_nested_deep": _deep_field,
    "half_surrogate": _in_a_text(b"\\ud83d"),
    "bad_byte": _in_a_text(b"\xd0"),
    "line_feed": _in_a_text(b"a\\nb"),
    "raw_line_feed": _in_a_text(b"a\nb"),
    "null_byte": _in_a_text(b"a\\u0000b"),
}
"""What any endpoint with a JSON body may send."""


# --- TSV ----------------------------------------------------------------------------------------------------------


def _table(
    change: Callable[[list[list[bytes]], list[bytes]], list[list[bytes]]], *, counted: bool = False
) -> Editor:
    """The editor of the rows of a report, which end with `Total rows`; `change` gets them and the column names."""

    def edit(body: bytes) -> bytes:
        lines = body.split(b"\n")
        head = next((n for n, line in enumerate(lines) if line.startswith(b"Date\t") or b"\tClicks" in line), None)
        last = next((n for n, line in enumerate(lines) if line.startswith(b"Total rows")), None)
        if head is None or last is None:
            return body
        names = lines[head].split(b"\t")
        before = [line.split(b"\t") for line in lines[head + 1 : last]]
        rows = change([list(row) for row in before], names)
        total = _TOTAL.sub(lambda m: m[1] + b"%d" % (int(m[2]) + len(rows) - len(before)), lines[last])
        lines[last] = total if counted else lines[last]
        return b"\n".join([*lines[:head], b"\t".join(names), *(b"\t".join(row) for row in rows), *lines[last:]])

    return edit


def _cells(change: Callable[[bytes, bytes], bytes]) -> Editor:
    """`change` gets the name of the column and the cell."""
    return _table(lambda rows, names: [[change(n, c) for n, c in zip(names, row, strict=False)] for row in rows])


def _column(name: bytes, change: Callable[[bytes], bytes]) -> Editor:
    return _cells(lambda column, cell: change(cell) if column == name else cell)


def without_column(name: str) -> Editor:
    def change(rows: list[list[bytes]], names: list[bytes]) -> list[list[bytes]]:
        if name.encode() not in names:
            return rows
        at = names.index(name.encode())
        del names[at]
        return [row[:at] + row[at + 1 :] for row in rows]

    return _table(change)


_FIGURES = (b"Impressions", b"Clicks", b"Conversions")


def _moved(row: list[bytes], names: list[bytes]) -> list[bytes]:
    at = names.index(b"Date")
    return [str(_shifted(cell.decode())).encode() if n == at else cell for n, cell in enumerate(row)]


def _total(change: Callable[[int], int]) -> Editor:
    return lambda body: _TOTAL.sub(lambda m: m[1] + b"%d" % change(int(m[2])), body)


def _reversed(body: bytes) -> bytes:
    def change(rows: list[list[bytes]], names: list[bytes]) -> list[list[bytes]]:
        names.reverse()
        return [row[::-1] for row in rows]

    return _table(change)(body)


def _half(rows: list[list[bytes]], _: list[bytes]) -> list[list[bytes]]:
    return rows[: len(rows) // 2]


REPORTS: dict[str, Editor] = {
    "list_emptied": _table(lambda rows, _: []),
    "list_emptied_and_count": _table(lambda rows, _: [], counted=True),
    "list_halved": _table(_half),
    "list_halved_and_count": _table(_half, counted=True),
    "item_dropped": _table(lambda rows, _: rows[:-1]),
    "item_dropped_and_count": _table(lambda rows, _: rows[:-1], counted=True),
    "count_higher": _total(lambda n: n + 1),
    "count_lower": _total(lambda n: n - 1),
    "count_zero": _total(lambda _: 0),
    "values_null": _cells(lambda _, cell: b"--"),
    "figures_null": _cells(lambda name, cell: b"--" if name in (*_FIGURES, b"Cost") else cell),
    "values_empty": _cells(lambda _, cell: b""),
    "numbers_float": _cells(lambda name, cell: cell + b".0" if name in _FIGURES and cell.isdigit() else cell),
    "numbers_negative": _cells(lambda name, cell: b"-" + cell if name == b"Cost" else cell),
    "numbers_words": _cells(lambda name, cell: b"soon" if name in _FIGURES else cell),
    "conversions_in_parts": _column(b"Conversions", lambda c: c + b".5" if c.isdigit() else c),
    "money_with_tail": _column(b"Cost", lambda c: c + _TAIL.encode() if b"." in c else c),
    "money_in_micros": _column(b"Cost", lambda c: c.replace(b".", b"") + b"0000"),
    "money_with_comma": _column(b"Cost", lambda c: c.replace(b".", b",")),
    "day_after": _table(lambda rows, names: [*rows, *(_moved(row, names) for row in rows[-1:])], counted=True),
    "day_moved": _table(lambda rows, names: [*rows[:-1], *(_moved(row, names) for row in rows[-1:])]),
    "days_broken": _column(b"Date", lambda _: b"0000-00-00"),
    "item_twice": _table(lambda rows, _: [*rows, *rows[-1:]]),
    "item_twice_and_count": _table(lambda rows, _: [*rows, *rows[-1:]], counted=True),
    "item_replaced": _table(lambda rows, _: [*rows[:-1], *rows[:1]]),
    "other_ids": _column(b"AdId", lambda c: c + b"0" if c.isdigit() else c),
    "columns_moved": _reversed,
    "bad_byte": _column(b"CampaignName", lambda c: c[:3]),
    "line_feed": _column(b"CampaignName", lambda c: c + b"\n" + c),
    "tab": _column(b"CampaignName", lambda c: c + b"\t" + c),
    "quote": _column(b"CampaignName", lambda c: b'"' + c),
    "null_byte": _column(b"CampaignName", lambda c: c + b"\x00"),
    "carriage_returns": lambda body: body.replace(b"\n", b"\r\n"),
    "byte_order_mark": lambda body: b"\xef\xbb\xbf" + body,
    "other_encoding": lambda body: body.decode().encode("utf-16"),
    "no_total": lambda body: body[: body.rfind(b"Total rows")],
    "empty": lambda _: b"",
    "cut_between_rows": lambda body: b"\n".join(body.split(b"\n")[:-6]),
}
