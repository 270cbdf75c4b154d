"""Talking to Yandex Direct: headers, errors in any HTTP status, points.

Errors come as JSON with HTTP 200, 400 or 500, their code as a number or as text. What a code means for the next
step is a table here; which requests to make is decided in `fetching.py`.
"""

from __future__ import annotations

import re
from itertools import count

import httpx

from tasks.errors import SourceError
from tasks.fetch import paging
from tasks.fetch.decode import Undecodable, code_of, json_of
from tasks.fetch.direct.values import Object, objects, short_number
from tasks.fetch.http import Api, ApiClient, TryAgain, as_json, retry_after
from tasks.settings import Settings, require

TITLE = "Yandex Direct"
_QUEUE_FULL = 9000
_POINTS_USED_UP = 152
_LATER = {52, 1000, 1001, 1002}
_SLOWER = {56: 10.0, 506: 10.0}
_HINTS = {
    53: "The token is wrong, expired or revoked: put a new DIRECT_TOKEN into {file}.",
    54: "This login has no right to that account: check DIRECT_LOGIN in {file}.",
    58: "The application's access is not approved: apply for it in Direct's settings, API.",
    513: "This login is not connected to Direct: check DIRECT_LOGIN in {file}.",
    3000: "The application has no access to the API: apply for it in Direct's settings, API.",
    3001: "The application has no access to this method: apply for it in Direct's settings, API.",
    8800: "The account does not see that object: check DIRECT_LOGIN in {file}.",
}
_ACCESS_CODES = {53, 54, 58, 513, 3000, 3001}
_NOT_SEEN = 8800
"""For a whole account the login is wrong; for one object, it was deleted."""
_MOST_BYTES = 24 * 2**20
"""Of a page of a report, see `reports`: 120 bytes a row, where 75 are usual. Lists of JSON are shorter."""
_WORDS, _ID = re.compile(r"[A-Za-z][A-Za-z ,.:;'\"()/_-]{0,99}"), re.compile(r"[0-9A-Fa-f-]{1,40}")
"""The parts of an error that are shown: its English name, which has nothing of the request, and its number."""
_RESERVE = 0.05
"""Share of the daily points below which only needed requests are made."""


class Refused(SourceError):
    """Direct named a code. `is_access`: no service will answer until somebody restores access."""

    def __init__(self, message: str, code: int, *, is_access: bool = False, transient: bool = False) -> None:
        super().__init__(message, transient=transient)
        self.code = code
        self.is_access = is_access


class QueueFull(Exception):
    """Five reports are in the queue already: retry later."""


class PeriodTooLong(Exception):
    """The report took the server too long. The same request would again; half the period may not."""


class Direct:
    """One account. `points_left`: share of the daily points that is left, by the last `Units` header."""

    def __init__(self, settings: Settings) -> None:
        token = require(settings, "DIRECT_TOKEN")
        self.login = require(settings, "DIRECT_LOGIN")
        self.version = settings.direct_version
        self._file = settings.place_of("direct", "DIRECT_TOKEN", "DIRECT_LOGIN")
        self.points_left = 1.0
        headers = {
            "Authorization": f"Bearer {token}",
            "Client-Login": self.login,
            "Accept-Language": "en",
        }
        api = Api(
            TITLE,
            settings.direct_base_url,
            headers,
            settings.direct_rate,
            {404: "Check DIRECT_BASE_URL: https://api.direct.yandex.com."},
            judge=self._judge,
            setting="DIRECT_BASE_URL",
            hosts=("api.direct.yandex.com", "api.direct.yandex.ru"),
            is_own=lambda body: isinstance(body.get("error"), dict) and "error_code" in body["error"],
            most_bytes=_MOST_BYTES,
        )
        self.client = ApiClient(api, settings)

    async def get(self, service: str, key: str, parameters: Object) -> list[Object]:
        """The objects of a `get`, page by page; the reply's list is under `key` or absent when empty.

        The last page has no `LimitedBy`, or one that is no higher offset. The caller checks for missing objects.
        """
        found: list[Object] = []
        offset = 0
        for number in count(1):
            page = {"Page": {"Limit": 10_000, "Offset": offset}}
            result = await self.call(service, "get", parameters | page)
            found += objects(result.get(key))
            limited_by = short_number(str(result.get("LimitedBy") or 0))
            if limited_by is None or limited_by <= offset:
                break
            paging.check(TITLE, key, pages=number, records=len(found))
            offset = limited_by
        return found

    async def call(self, service: str, method: str, parameters: Object) -> Object:
        body = {"method": method, "params": parameters}
        reply = await self.client.send("POST", f"json/{self.version}/{service}", as_json, json=body)
        result = reply.get("result") if isinstance(reply, dict) else None
        if not isinstance(result, dict):
            raise SourceError(f"{TITLE} answered {service}.{method} without a result.", transient=True)
        return result

    @property
    def must_save_points(self) -> bool:
        return self.points_left < _RESERVE

    def _judge(self, reply: httpx.Response) -> None:
        self._note_points(reply.headers.get("Units", ""))
        error = _error_of(reply)
        code = code_of((error or {}).get("error_code"))
        service = reply.request.url.path.rsplit("/", 1)[-1]
        of_report = service == "reports"
        # Whatever the body is, unless its code names a fault that a shorter period does not cure.
        if of_report and reply.status_code == httpx.codes.BAD_GATEWAY and code not in _HINTS:
            raise PeriodTooLong
        if error is None:
            return
        if code == _QUEUE_FULL and of_report:
            raise QueueFull
        if code == _POINTS_USED_UP:
            self.points_left = 0.0
            raise Refused(
                f"{TITLE}'s points are used up (code 152). They come back hour by hour; run again in an hour. "
                "What was loaded before stands.",
                code,
                transient=True,
            )
        if code in _LATER or code in _SLOWER:
            raise TryAgain(f"code {code}", retry_after=retry_after(reply) or _SLOWER.get(code))
        if code not in _HINTS and reply.status_code in (429, 500, 503, 504):
            return  # handled by HTTP status
        text = _matching(_WORDS, error.get("error_string"))
        request_id = _matching(_ID, error.get("request_id")) or _matching(_ID, reply.headers.get("RequestId"))
        of_request = f"the request id {request_id}" if request_id else "the time of the request"
        hint = _HINTS.get(code, f"Tell Direct's support {of_request}.").replace("{file}", self._file)
        is_access = code in _ACCESS_CODES or (code == _NOT_SEEN and service in ("reports", "campaigns"))
        said = f" ({text})" if text else ""
        message = f"{TITLE} refused the request with code {code}{said}. {hint}"
        raise Refused(message, code, is_access=is_access)

    def _note_points(self, units: str) -> None:
        """`spent/left/limit`."""
        _, left, limit = ([short_number(part) for part in units.split("/")] + [None] * 3)[:3]
        if left is not None and limit and left >= 0 and limit > 0:
            self.points_left = left / limit


def _matching(pattern: re.Pattern[str], value: object) -> str:
    text = str(value or "").strip()
    return text if pattern.fullmatch(text) else ""


def _error_of(reply: httpx.Response) -> Object | None:
    if not reply.content.lstrip().startswith((b"{", b"\xef\xbb\xbf")):
        return None  # a report, which may be large
    try:
        body = json_of(reply.content)
    except Undecodable:
        return None
    error = body.get("error") if isinstance(body, dict) else None
    return error if isinstance(error, dict) else None
