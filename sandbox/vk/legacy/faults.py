"""Faults inside an answer of the legacy API. Its errors are ``error_as_page`` with ``code=6``, ``9``, ``14`` ..."""

from __future__ import annotations

import json

from sandbox.faults import Fault
from sandbox.misbehave import PageEdit
from sandbox.vk.cabinet import Cabinet
from sandbox.vk.legacy.errors import INTERNAL, LegacyError
from sandbox.vk.wire import body

_UNFIT = ("drift", "wrong_total")


def fault_body(_: int) -> bytes:
    """Whatever the HTTP status that a fault asks for."""
    return body(LegacyError(INTERNAL).document("unknown", {}))


def _without_data(page: bytes, _: Fault) -> bytes:
    document = json.loads(page)
    document.pop("response", None)
    return body(document)


PAGE_EDITS: dict[str, PageEdit] = {"no_data": _without_data}


def error_of(fault: Fault) -> LegacyError:
    """Options: ``code``, ``message``, and ``more``, a mapping of further keys of the error object."""
    more = dict(fault.options.get("more", {}))
    return LegacyError(int(fault.options.get("code", INTERNAL)), fault.options.get("message"), **more)


def change_before(fault: Fault, cabinet: Cabinet) -> None:
    """``mutate`` calls with the cabinet."""
    if fault.kind in _UNFIT:
        raise ValueError(f"the legacy API has neither pages that drift nor totals: {fault.kind}")
    with cabinet.change():
        fault.options["call"](cabinet)
