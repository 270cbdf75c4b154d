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
        documents = table.documents
        if mode == "remove":
            del documents[found[0]]
        else:
            paid = next((documents[row] for row in found if documents[row].get("payed")), documents[found[0]])
            documents.append(_twin(paid, _free_id_before(documents[found[0]]["id"], documents)))
    else:
        raise ValueError(f"unknown drift {mode!r}")
    table.touch()


def _free_id_before(first: Any, documents: list[Document]) -> int:
    """The next lower free id, which ascending order puts in front of the first."""
    taken = {int(document["id"]) for document in documents}
    wanted = int(first) - 1
    while wanted in taken:
        wanted -= 1
    return wanted


def _twin(order: Document, new_id: int) -> Document:
    twin = copy.deepcopy(order)
    twin["id"] = new_id
    for number, basket in enumerate(twin.get("baskets", ())):
        basket["id"] = new_id * 10 + number
    return twin


def _pay_one(table: Table) -> None:
    unpaid = (document for document in table.documents if not document["payed"] and not document["deleted_at"])
    order: dict[str, Any] | None = next(unpaid, None)
    if order is not None:
        order["payed"], order["payed_at"] = True, order["updated_at"]
