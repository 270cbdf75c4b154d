"""Faults inside an answer of Direct: bodies that only look like one."""

from __future__ import annotations

import re

from sandbox.direct.errors import error_body, to_json
from sandbox.faults import Fault
from sandbox.misbehave import PageEdit

_SERVER_ERROR = 1002
_TOTAL = re.compile(rb"Total rows: (\d+)")


def status_body(_status: int) -> bytes:
    """What goes with an error status unless a fault names its body."""
    return error_body(_SERVER_ERROR, "", text=True)


def _error_as_page(_: bytes, fault: Fault) -> bytes:
    """``code`` and ``detail`` of the fault, e.g. 53 for a token that expires in the midst of a run."""
    code = int(fault.options.get("code", _SERVER_ERROR))
    return error_body(code, str(fault.options.get("detail", "")))


def _without_data(body: bytes, _: Fault) -> bytes:
    """A result without its list; a report whose rows are gone though their total is still there."""
    if body.startswith(b"{"):
        return to_json({"result": {}})
    lines = body.splitlines(keepends=True)
    return b"".join(lines[:2] + lines[-1:])


def _wrong_total(body: bytes, fault: Fault) -> bytes:
    by = int(fault.options.get("by", 1))
    return _TOTAL.sub(lambda match: b"Total rows: %d" % (int(match[1]) + by), body)


PAGE_EDITS: dict[str, PageEdit] = {
    "error_as_page": _error_as_page,
    "no_data": _without_data,
    "wrong_total": _wrong_total,
}
