"""Faults inside a page of QTickets: bodies that only look like an answer, and sets that shift while read."""

from __future__ import annotations

import copy
import json
from typing import Any

from sandbox.faults import Fault
from sandbox.misbehave import PageEdit
from sandbox.qtickets.query import Query
from sandbox.qtickets.table import Table
from sandbox.qtickets.wire import Document, body


def error_body(status: int) -> bytes:
    return body({"error": "Unknown error", "status": status, "code": "UNKNOWN_ERROR", "info": []})


def _without_data(page: bytes, _: Fault) -> bytes:
    document = json.loads(page)
    document.pop("data", None)
    return body(document)


def _wrong_total(page: bytes, fault: Fault) -> bytes:
    document = json.loads(page)
    document["paging"]["total"] += int(fault.options.get("by", 1))
    return body(document)


def _error_as_page(_: bytes, fault: Fault) -> bytes:
    return error_body(int(fault.options.get("status", 503)))


PAGE_EDITS: dict[str, PageEdit] = {
    "no_data": _without_data,
    "wrong_total": _wrong_total,
    "error_as_page": _error_as_page,
}


def drift(table: Table, query: Query, mode: str) -> None:
    """Shift the set that this query pages through, as sales do while a loader reads."""
    if mode == "pay":
        _pay_one(table)
    elif mode in ("insert", "remove"):
        found = table.find(query.where, query.order_by)
        if not found:
            return
        first = table.documents[found[0]]
        if mode == "remove":
            table.documents.remove(first)
        else:
            table.documents.append(_just_before(first, {int(document["id"]) for document in table.documents}))
    else:
        raise ValueError(f"unknown drift {mode!r}")
    table.touch()


def _just_before(order: Document, taken: set[int]) -> Document:
    """A copy with the next lower free id, which ascending order puts in front of the original."""
    twin = copy.deepcopy(order)
    twin["id"] = int(order["id"]) - 1
    while twin["id"] in taken:
        twin["id"] -= 1
    for number, basket in enumerate(twin.get("baskets", ())):
        basket["id"] = twin["id"] * 10 + number
    return twin


def _pay_one(table: Table) -> None:
    unpaid = (document for document in table.documents if not document["payed"] and not document["deleted_at"])
    order: dict[str, Any] | None = next(unpaid, None)
    if order is not None:
        order["payed"], order["payed_at"] = True, order["updated_at"]
