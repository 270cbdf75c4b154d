"""Wrong bodies that look whole, made from a right one: editors of any JSON body of lists of objects, and of any report.

They know no API: a list is the first list of objects that a body holds, a count is a number named so, a day is a text
that looks like one. An editor that finds nothing to change gives the body back as it was. Bodies that are no such
document any more are made in `malform.py`.
"""

import copy
import json
import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

Editor = Callable[[bytes], bytes]
Leaf = Callable[[Any], Any]

_COUNTS = ("total", "count", "limit_count")
_DAY = re.compile(r"^(\d{4}-\d\d-\d\d)(?=$|[T ])")
_FAR = 40
"""Days by which a day is moved out of any window of the table."""
_TOTAL = re.compile(r"Total rows: (\d+)")


def opened(body: bytes) -> tuple[Any, Callable[[Any], bytes]] | None:
    """The document and how to write it again. A report is its header, its rows and their total; None: it is neither."""
    try:
        return json.loads(body), lambda document: json.dumps(document).encode()
    except (ValueError, RecursionError):
        lines = body.decode("utf-8", "surrogateescape").split("\n")
    if len(lines) < 3 or "\t" not in lines[0] or not (total := _TOTAL.fullmatch(lines[-2])):
        return None
    names = lines[0].split("\t")
    rows = [dict(zip(names, line.split("\t"), strict=False)) for line in lines[1:-2]]

    def write(document: Any) -> bytes:
        told = document.get("rows")
        listed = [document.get("header"), *(told if isinstance(told, list) else [told])]
        text = ["\t".join(map(_cell, row.values() if isinstance(row, dict) else [row])) for row in listed]
        return "\n".join([*text, f"Total rows: {document.get('total')}", ""]).encode("utf-8", "surrogatepass")

    return {"header": dict(zip(names, names, strict=True)), "rows": rows, "total": int(total[1])}, write


def _cell(value: Any) -> str:
    return "--" if value is None else value if isinstance(value, str) else json.dumps(value)


def of_document(change: Callable[[Any], Any]) -> Editor:
    """The editor that applies `change` to the document; None from it: nothing to change."""

    def edit(body: bytes) -> bytes:
        if (found := opened(body)) is None:
            return body
        document, write = found
        changed = change(document)
        return body if changed is None else write(changed)

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
        if (place := _place(document)) is None:
            return None
        parent, key = place
        before, parent[key] = parent[key], change(copy.deepcopy(parent[key]))
        if counted:
            # At the top and one below, never within the items.
            for top in (document, *(value for value in document.values() if isinstance(value, dict))):
                for name in (name for name in _COUNTS if isinstance(top.get(name), int)):
                    top[name] = max(0, top[name] + len(parent[key]) - len(before))
        return document

    return of_document(edit)


def _of_items(change: Callable[[Any], Any]) -> Editor:
    return _of_list(lambda items: [change(item) for item in items])


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


def _shifted(value: Any) -> Any:
    if isinstance(value, str) and (found := _DAY.match(value)):
        return f"{date.fromisoformat(found[1]) + timedelta(days=_FAR)}{value[found.end() :]}"
    return value


def _with_stranger(items: list[Any]) -> list[Any]:
    """The last item with a day, at whatever depth, on a day long after."""
    if not items:
        return items
    last = items[-1]
    if any(isinstance(v, str) and _DAY.match(v) for v in last.values()):
        return [*items[:-1], _leaves(_shifted)(copy.deepcopy(last))]
    for key, value in last.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            last[key] = _with_stranger(value)
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
    """Of a report the column."""

    def edit(document: Any) -> Any:
        if (place := _place(document)) is None:
            return None
        parent, key = place
        parent[key] = _without(path, parent[key])
        return document | {"header": _without(path, document["header"])} if "header" in document else document

    return of_document(edit)


LISTS: dict[str, Editor] = {
    "list_emptied": _of_list(lambda _: []),
    "list_emptied_and_count": _of_list(lambda _: [], counted=True),
    "list_halved": _of_list(lambda items: items[: len(items) // 2]),
    "item_dropped": _of_list(lambda items: items[:-1]),
    "item_null": _of_list(lambda items: [None, *items[1:]]),
    "item_twice": _of_list(lambda items: [*items, *items[-1:]]),
    "item_replaced": _of_list(lambda items: [*items[:-1], *items[:1]]),
    "values_null_but_ids": _of_items(_leaves(lambda _: None, but_ids=True)),
    "numbers_text": _of_items(_leaves(lambda v: str(v) if _number(v) else v)),
    "numbers_negative": _of_items(_leaves(lambda v: -v if _number(v) else v, but_ids=True)),
    "day_moved": _of_list(_with_stranger),
    "days_broken": _of_items(_leaves(lambda v: "0000-00-00" if isinstance(v, str) and _DAY.match(v) else v)),
    "other_ids": _of_items(_other_ids),
}
"""By kind: what a list endpoint may send instead."""

_TEXTS = {"empty": b"", "null": b"null", "empty_object": b"{}", "empty_list": b"[]"}
BODIES: dict[str, Editor] = {kind: lambda _, text=text: text for kind, text in _TEXTS.items()}  # type: ignore[misc]
"""What any endpoint with a JSON body may send."""

_JSON_ALONE = ("item_null", "values_null_but_ids", "numbers_text", "numbers_negative", "other_ids")
REPORTS: dict[str, Editor] = {
    **{kind: editor for kind, editor in LISTS.items() if kind not in _JSON_ALONE},
    "carriage_returns": lambda body: body.replace(b"\n", b"\r\n"),
    "no_total": lambda body: body[: body.rfind(b"Total rows")],
    "empty": lambda _: b"",
    "cut_between_rows": lambda body: b"\n".join(body.split(b"\n")[:-6]),
}
"""By kind: what a report may be instead."""
