"""Faults inside a page of QTickets: bodies that only look like an answer, and sets that shift while read."""

from __future__ import annotations

import copy
import json

from sandbox.faults import Fault
from sandbox.misbehave import PageEdit
from sandbox.qtickets.query import Query
from sandbox.qtickets.table import Table
from sandbox.qtickets.wire import body, error_body


def _without_data(page: bytes, _: Fault) -> bytes:
    document = json.loads(page)
    document.pop("data", None)
    return body(document)


def _wrong_total(page: bytes, fault: Fault) -> bytes:
    document = json.loads(page)
    document["paging"]["total"] += int(fault.options.get("by", 1))
    return body(document)


PAGE_EDITS: dict[str, PageEdit] = {
    "no_data": _without_data,
    "wrong_total": _wrong_total,
    "error_as_page": lambda _, fault: error_body(int(fault.options.get("status", 503))),
}


def drift(table: Table, query: Query, mode: str) -> None:
    """Shift the set that this query pages through, as sales do while a loader reads: ``remove`` its front, or
    ``insert`` a paid order with the next lower free id, which comes before the front of an ascending list."""
    found, documents = table.find(query.where), table.documents
    if not found:
        return
    front = found[-1 if query.newest_first else 0]
    if mode == "remove":
        del documents[front]
        return
    model = next((documents[row] for row in found if documents[row].get("payed")), documents[front])
    twin = copy.deepcopy(model)
    taken = {int(document["id"]) for document in documents}
    twin["id"] = int(documents[front]["id"]) - 1
    while twin["id"] in taken:
        twin["id"] -= 1
    for number, basket in enumerate(twin.get("baskets", ())):
        basket["id"] = twin["id"] * 10 + number
    documents.append(twin)
