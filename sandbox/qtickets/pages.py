"""A page of a list: the envelope with its total, and the documents as the request wants them."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.qtickets.query import Condition, Query
from sandbox.qtickets.select import selected, tree_of
from sandbox.qtickets.switches import Switches
from sandbox.qtickets.table import Table
from sandbox.qtickets.wire import Document


def page(table: Table, query: Query, switches: Switches) -> Document:
    """``{"data": [...], "paging": {...}}``; no key tells the last page, past the end ``data`` is empty."""
    order_by = query.order_by if switches.honour_order_by else []
    found = table.find(_effective(query.where, switches), order_by)
    size = table.per_page
    if query.per_page and switches.honour_per_page:
        size = min(query.per_page, switches.max_per_page)
    rows = table.rows()
    numbers = found[(query.page - 1) * size : query.page * size]
    shape = shaper(table, query, switches)
    return {
        "data": [shape(rows[number]) for number in numbers],
        "paging": {"perPage": size, "currentPage": query.page, "total": len(found)},
    }


def shaper(table: Table, query: Query, switches: Switches) -> Callable[[Document], Document]:
    """What turns a stored document into the one that is sent: ``select`` and the switches of wording."""
    tree = None
    if query.select and switches.honour_select:
        tree = tree_of(query.select, nested=switches.honour_nested_select)

    def shape(document: Document) -> Document:
        return table.reword(document if tree is None else selected(document, tree))

    return shape


def _effective(where: list[Condition], switches: Switches) -> list[Condition]:
    """The conditions that this server does not silently ignore."""
    if not switches.honour_filters:
        return []
    return [
        condition
        for condition in where
        if condition.column not in switches.ignored_columns and condition.operator not in switches.ignored_operators
    ]
