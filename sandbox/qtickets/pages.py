"""A page of a list: the envelope with its total, and the documents as request and switches want them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.qtickets.query import Query
from sandbox.qtickets.switches import Switches
from sandbox.qtickets.table import Table
from sandbox.qtickets.variants import varied
from sandbox.qtickets.wire import Document, UnhandledFault

Tree = dict[str, Any]


def page(table: Table, query: Query, switches: Switches) -> Document:
    """``{"data": [...], "paging": {...}}``; no key tells the last page, past the end ``data`` is empty."""
    found = table.find(
        condition
        for condition in query.where
        if switches.honour_filters
        and condition.column not in switches.ignored_columns
        and condition.operator not in switches.ignored_operators
    )
    size = table.per_page
    if query.per_page and switches.honour_per_page:
        if switches.refuse_larger_pages and query.per_page > switches.max_per_page:
            raise UnhandledFault("too large a page")
        size = min(query.per_page, switches.max_per_page)
    rows = found[::-1] if query.newest_first and switches.honour_order_by else found
    shape = shaper(query, switches)
    documents = table.documents
    return {
        "data": [shape(documents[row]) for row in rows[(query.page - 1) * size : query.page * size]],
        "paging": {"perPage": size, "currentPage": query.page, "total": len(found)},
    }


def shaper(query: Query, switches: Switches) -> Callable[[Document], Document]:
    """What turns a stored document into the one that is sent."""
    if not query.select or not switches.honour_select:
        return lambda document: varied(document, switches)
    select = tuple(path for path in query.select if not (switches.lose_nested_select and "." in path))
    tree = _tree(select, nested=switches.honour_nested_select)
    return lambda document: _selected(varied(document, switches), tree)


def _tree(paths: tuple[str, ...], *, nested: bool) -> Tree:
    """``["id", "baskets.id"]`` -> ``{"id": {}, "baskets": {"id": {}}}``; an empty branch is the whole value."""
    tree: Tree = {}
    for path in paths:
        first, _, inner = path.partition(".")
        branch = tree.setdefault(first, {})
        if inner and nested:
            branch[inner] = {}
    return tree


def _selected(value: Any, tree: Tree) -> Any:
    """The value reduced to the tree, in its own order. Unknown paths are simply absent."""
    if isinstance(value, list):
        return [_selected(item, tree) for item in value]
    if not tree or not isinstance(value, dict):
        return value
    return {key: _selected(inner, tree[key]) for key, inner in value.items() if key in tree}
