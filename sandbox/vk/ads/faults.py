"""Faults inside an answer of today's API, and a list of ads that shifts while it is read."""

from __future__ import annotations

import json
from dataclasses import replace

from sandbox.faults import Fault
from sandbox.misbehave import PageEdit
from sandbox.vk.ads.errors import fault_body
from sandbox.vk.cabinet import BANNERS, Cabinet
from sandbox.vk.wire import body


def _without_data(page: bytes, _: Fault) -> bytes:
    document = json.loads(page)
    document.pop("items", None)
    return body(document)


def _wrong_total(page: bytes, fault: Fault) -> bytes:
    document = json.loads(page)
    document["count"] += int(fault.options.get("by", 1))
    return body(document)


def _error_as_page(_: bytes, fault: Fault) -> bytes:
    return fault_body(int(fault.options.get("status", 503)))


PAGE_EDITS: dict[str, PageEdit] = {
    "no_data": _without_data,
    "wrong_total": _wrong_total,
    "error_as_page": _error_as_page,
}


def change_before(fault: Fault, cabinet: Cabinet) -> None:
    """``mutate`` calls with the cabinet. ``drift``: the first banner gets a neighbour, or leaves."""
    with cabinet.change():
        if fault.kind == "mutate":
            fault.options["call"](cabinet)
            return
        first = cabinet.known(BANNERS)[0]
        if fault.options.get("mode", "insert") == "insert":
            cabinet.banners[first - 1] = replace(cabinet.banners[first], id=first - 1)
        else:
            cabinet.vanish(first)
