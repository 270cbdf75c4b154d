"""The error replies that were captured, word for word."""

from __future__ import annotations

from starlette.responses import Response

from sandbox.qtickets.wire import body

# Content-Type without a charset, and these headers, as captured.
_HEADERS = {"Server": "nginx/1.14.1", "Cache-Control": "no-cache, private", "X-Cache-Status": "MISS"}
_HTML_404 = """<!DOCTYPE html>
<html lang="ru"><head><meta charset="utf-8"><title>Страница не найдена</title></head>
<body><h1>404</h1><p>Страница не найдена</p></body></html>
"""


class UnhandledFault(Exception):
    """The request made the imagined server stumble: it answers 503 UNKNOWN_ERROR and says nothing more.

    The message is for whoever debugs a test; the API never sends it.
    """


def reply(value: object, status: int = 200) -> Response:
    return Response(body(value), status, {**_HEADERS, "Content-Type": "application/json"})


def wrong_authorization() -> Response:
    """403, never 401."""
    return reply({"error": "Wrong authorization", "status": 403}, 403)


def not_found(resource: str, wanted: int) -> Response:
    error = f'Resource "{resource}" not found'
    info = {"id": wanted, "resource": resource}
    return reply({"error": error, "status": 404, "code": "RESOURCE_NOT_FOUND", "info": info}, 404)


def no_such_page() -> Response:
    """An unknown route is answered by the web site, in HTML."""
    return Response(_HTML_404.encode(), 404, {**_HEADERS, "Content-Type": "text/html; charset=UTF-8"})


def unknown_error() -> Response:
    """503 also for what will never work, so it is not always transient."""
    return reply({"error": "Unknown error", "status": 503, "code": "UNKNOWN_ERROR", "info": []}, 503)


def write_refused(method: str) -> Response:
    """Not of the vendor: a loader that writes must fail where it can be seen."""
    error = f"The sandbox refuses {method}: a loader must only read"
    return reply({"error": error, "status": 405, "code": "SANDBOX_READ_ONLY", "info": []}, 405)
