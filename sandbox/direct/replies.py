"""Whole HTTP answers with the headers that every reply of Direct carries."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.responses import Response

from sandbox.direct.errors import DirectError, error_body, to_json
from sandbox.direct.reports.queue import Turn
from sandbox.direct.reports.request import ReportRequest
from sandbox.direct.reports.text import MEDIA_TYPE, render
from sandbox.direct.switches import DirectSwitches

_JSON = "application/json;charset=utf-8"
_BAD_GATEWAY, _TOO_MANY = 502, 429
_HTML_502 = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
_LAST_REQUEST_ID = 10**19
_STEP = 7_919_000_000_000_021


def request_id(number: int) -> str:
    """Numeric, up to 19 digits."""
    return str(number * _STEP % _LAST_REQUEST_ID)


class Replies:
    """Answers to one request: ``command`` is the service and its method, as ``X-Accel-Info`` words it."""

    def __init__(self, number: int, command: str, headers: Headers, switches: DirectSwitches) -> None:
        self._id = request_id(number)
        self._command = command
        self._headers = headers
        self._switches = switches

    def result(self, value: object, units: dict[str, str]) -> Response:
        return self._reply(to_json({"result": value}), 200, _JSON, units)

    def report(self, request: ReportRequest, turn: Turn, in_queue: int, units: dict[str, str]) -> Response:
        extra = {**units, "reportsInQueue": str(in_queue)}
        if turn.table is not None:
            body = render(request.name, turn.table, self._headers, self._switches)
            return self._reply(body, 200, MEDIA_TYPE, extra)
        if turn.retry_in is not None:
            extra["retryIn"] = turn.retry_in
        return self._reply(b"", turn.status, None, extra)

    def error(self, error: DirectError, extra: dict[str, str], *, on_reports: bool) -> Response:
        """Reports tell errors by status as well, regular services by the body alone."""
        switches = self._switches
        status = error.status or (switches.report_statuses.get(error.code, 400) if on_reports else 200)
        if status == _BAD_GATEWAY and switches.html_on_bad_gateway:
            return self._reply(_HTML_502, status, "text/html", extra, error.code)
        if status == _TOO_MANY and switches.rate_limit_answer.endswith("empty"):
            return self._reply(b"", status, None, extra, error.code)
        text = switches.report_codes_as_strings if on_reports else switches.codes_as_strings
        ru = self._headers.get("accept-language", "").startswith("ru")
        body = error_body(error.code, error.detail, request_id=self._id, text=text, ru=ru)
        return self._reply(body, status, _JSON, extra, error.code)

    def _reply(
        self, body: bytes, status: int, media_type: str | None, extra: dict[str, str], code: int = 0
    ) -> Response:
        headers = {
            "RequestId": self._id,
            "X-Accel-Info": f"reqid:{self._id},cmd:{self._command},appcode:{code}",
            **extra,
        }
        if media_type is not None:
            headers["Content-Type"] = media_type
        return Response(body, status, headers)
