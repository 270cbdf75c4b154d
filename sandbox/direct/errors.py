"""Refusals and their bodies, and faults within an answer: bodies that only look like one.

An error comes with HTTP 200 on regular services and 400 on reports, its code as an int or as a string.
"""

from __future__ import annotations

import json
import re
from typing import Any

from sandbox.faults import Fault
from sandbox.misbehave import PageEdit

_SERVER_ERROR = 1002
_TEXTS = {
    53: "Authorization error",
    54: "No rights",
    55: "Operation not found",
    56: "Method request limit exceeded",
    152: "Not enough points",
    513: "Login is not connected to Yandex Direct",
    _SERVER_ERROR: "Operation error",
    4000: "Invalid request parameters",
    4001: "Invalid selection criteria",
    4002: "Invalid pagination parameters",
    8000: "Invalid request",
    8800: "Object not found",
    9000: "The maximum number of offline reports in the queue has been reached",
}
_TOTAL = re.compile(rb"Total rows: (\d+)")


class DirectError(Exception):
    """A refusal. ``status`` overrules the usual HTTP status of the service."""

    def __init__(self, code: int, detail: str = "", status: int | None = None) -> None:
        super().__init__(f"{code} {detail}".strip())
        self.code = code
        self.detail = detail
        self.status = status


def error_body(code: int, detail: str = "", *, request_id: str = "0", text: bool = False) -> bytes:
    """``text`` makes the code a string."""
    error: dict[str, Any] = {
        "request_id": request_id,
        "error_code": str(code) if text else code,
        "error_detail": detail,
        "error_string": _TEXTS.get(code, _TEXTS[_SERVER_ERROR]),
    }
    return to_json({"error": error})


def to_json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def status_body(_status: int) -> bytes:
    """What goes with an error status unless a fault names its body."""
    return error_body(_SERVER_ERROR, text=True)


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
