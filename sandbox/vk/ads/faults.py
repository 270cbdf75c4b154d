"""Faults inside an answer of today's API, and lists that shift while they are read."""

from __future__ import annotations

import json
from dataclasses import replace

from sandbox.faults import Fault
from sandbox.misbehave import PageEdit
from sandbox.recorder import Request
from sandbox.vk.ads.errors import fault_body
from sandbox.vk.cabinet import AD_GROUPS, AD_PLANS, BANNERS, Cabinet
from sandbox.vk.wire import body


def _without_data(page: bytes, _: Fault) -> bytes:
    document = json.loads(page)
    document.pop("items", None)
    return body(document)


def _wrong_total(page: bytes, fault: Fault) -> bytes:
    """A list's ``count``; in statistics the clicks of the overall total, which then are no sum of the items'."""
    document = json.loads(page)
    by = int(fault.options.get("by", 1))
    if "total" in document:
        document["total"]["base"]["clicks"] += by
    else:
        document["count"] += by
    return body(document)


def _error_as_page(_: bytes, fault: Fault) -> bytes:
    return fault_body(int(fault.options.get("status", 503)))


PAGE_EDITS: dict[str, PageEdit] = {
    "no_data": _without_data,
    "wrong_total": _wrong_total,
    "error_as_page": _error_as_page,
}


def change_before(fault: Fault, request: Request, cabinet: Cabinet) -> None:
    """``mutate`` calls with the cabinet. ``drift`` is for lists: what comes first gets a neighbour, or leaves."""
    with cabinet.change():
        if fault.kind == "mutate":
            fault.options["call"](cabinet)
            return
        mode = fault.options.get("mode", "insert")
        if mode not in ("insert", "remove"):
            raise ValueError(f"unknown drift {mode!r} of a list of ads")
        _drift(request.path.rsplit("/", 1)[-1].removesuffix(".json"), mode, cabinet)


def _drift(name: str, mode: str, cabinet: Cabinet) -> None:
    name = AD_GROUPS if name == "campaigns" else name
    first = cabinet.known(name)[0]
    if name == BANNERS and mode == "remove":
        cabinet.vanish(first)
    elif name == BANNERS:
        cabinet.banners[first - 1] = replace(cabinet.banners[first], id=first - 1)
    elif mode == "insert" and name == AD_GROUPS:
        cabinet.groups[first - 1] = replace(cabinet.groups[first], id=first - 1)
    elif mode == "insert" and name == AD_PLANS:
        cabinet.campaigns[first - 1] = replace(cabinet.campaigns[first], id=first - 1)
    else:
        raise ValueError("only banners can leave: the others have children")
