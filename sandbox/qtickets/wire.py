"""How QTickets words single values, whole bodies and, word for word as captured, its errors."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from typing import Any

from starlette.responses import Response

from sandbox.world.clock import MOSCOW

Document = dict[str, Any]
_HTML_404 = "<!DOCTYPE html>\n<html><body><h1>404</h1><p>Страница не найдена</p></body></html>\n"


class UnhandledFault(Exception):
    """The request made the imagined server stumble: it answers 503 UNKNOWN_ERROR and says nothing more.

    The message is for whoever debugs a test; the API never sends it.
    """


def when(moment: datetime | None) -> str | None:
    """The API answers with Moscow's offset for every city."""
    return None if moment is None else moment.astimezone(MOSCOW).isoformat(timespec="seconds")


def money(amount: Decimal) -> int | float:
    """Whole amounts as int, others as float: PHP prints both without trailing zeros."""
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def body(value: Any) -> bytes:
    """JSON bytes as PHP's ``json_encode`` makes them by default: slashes and non-ASCII escaped, no spaces."""
    return json.dumps(value, separators=(",", ":")).replace("/", "\\/").encode("ascii")


def error_body(status: int) -> bytes:
    return body({"error": "Unknown error", "status": status, "code": "UNKNOWN_ERROR", "info": []})


def reply(content: bytes, status: int = 200) -> Response:
    """Content-Type without a charset, as captured."""
    return Response(content, status, {"Content-Type": "application/json"})


def wrong_authorization() -> Response:
    """403, never 401."""
    return reply(body({"error": "Wrong authorization", "status": 403}), 403)


def not_found(resource: str, wanted: int) -> Response:
    error = f'Resource "{resource}" not found'
    info = {"id": wanted, "resource": resource}
    return reply(body({"error": error, "status": 404, "code": "RESOURCE_NOT_FOUND", "info": info}), 404)


def no_such_page() -> Response:
    """An unknown route is answered by the web site, in HTML."""
    return Response(_HTML_404, 404, media_type="text/html")


def write_refused(method: str) -> Response:
    """Not of the vendor, which would create or change something: a loader that writes must fail."""
    error = f"The sandbox refuses {method}: a loader must only read"
    return reply(body({"error": error, "status": 405, "code": "SANDBOX_READ_ONLY", "info": []}), 405)
