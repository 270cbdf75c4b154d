"""The newest report beside the Prefect UI, at /report: for who has the server's password, and for no other page.

A browser is let in by a cookie that the password brings and that is good for nothing but this address. Asked for
the password as HTTP has it (WWW-Authenticate), it would from then on send it with every request to this origin,
also with those that a foreign page makes to Prefect's API.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from hashlib import sha256
from html import escape
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from tasks.errors import ZakazError
from tasks.report.place import ReportPlace
from tasks.settings import language, load_settings

PATH = "/report"
_COOKIE = "zakaz_report"
_COOKIE_SECONDS = 90 * 24 * 3600
_LONGEST_FORM = 4_000
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; frame-ancestors 'none'"
    ),
    # No page of another origin may have it as a script, a picture or a window of its own.
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
}
_PAGE = """<!doctype html><html lang="{language}"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,"><title>Zakaz</title>
<style>body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 30em; margin: 20vh auto; padding: 0 16px }}
input, button {{ font: inherit; padding: 6px 10px; width: 100%; box-sizing: border-box; margin-top: 8px }}</style>
{body}</html>"""
_FORM = '<form method="post" action="{path}"><label>{ask}<input type="password" name="password" autofocus></label>'
_FORM += "<button>{enter}</button></form>"
_WORDS = {
    "ru": {
        "ask": "Пароль интерфейса Prefect, строка zakaz:…",
        "enter": "Открыть отчёт",
        "none": "Отчёта ещё нет: он составляется в девять утра. Сейчас его составит команда zakaz report.",
        "fault": "Отчёт не читается: {}",
    },
    "en": {
        "ask": "The password of the Prefect UI, zakaz:…",
        "enter": "Open the report",
        "none": "There is no report yet: it is made at nine in the morning. zakaz report makes one now.",
        "fault": "The report cannot be read: {}",
    },
}


class WithReport:
    """`app`, and the report at its path. `password`: a name, a colon and a password, as Prefect's own."""

    def __init__(self, app: ASGIApp, password: str) -> None:
        self._app, self._password = app, password.strip()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].rstrip("/") != PATH:
            await self._app(scope, receive, send)
            return
        response = await self._answer(Request(scope, receive))
        response.headers.update(_HEADERS)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if request.method == "POST":
            return await self._sign_in(request)
        if request.method not in ("GET", "HEAD"):
            return Response(status_code=405, headers={"Allow": "GET, HEAD, POST"})
        if not self._may_read(request):
            return _form(401)
        return await run_in_threadpool(_newest)

    def _may_read(self, request: Request) -> bool:
        return _same(request.cookies.get(_COOKIE, ""), self._token) or _same(_basic(request), self._password)

    async def _sign_in(self, request: Request) -> Response:
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > _LONGEST_FORM:
                return Response(status_code=413)
        given = parse_qs(body.decode(errors="replace")).get("password", [""])[0].strip()
        if not _same(given, self._password):
            return _form(401)
        response = RedirectResponse(PATH, status_code=303)
        is_secure = request.url.scheme == "https" or request.headers.get("x-forwarded-proto") == "https"
        response.set_cookie(
            _COOKIE,
            self._token,
            max_age=_COOKIE_SECONDS,
            path=PATH,
            secure=is_secure,
            httponly=True,
            samesite="lax",
        )
        return response

    @property
    def _token(self) -> str:
        """Of another password it is another one, and the password cannot be read from it."""
        return hmac.new(self._password.encode(), b"may read the report", sha256).hexdigest()


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(), wanted.encode())


def _basic(request: Request) -> str:
    """What a program sends as Prefect's own clients do."""
    kind, _, given = request.headers.get("authorization", "").partition(" ")
    try:
        return base64.b64decode(given, validate=True).decode() if kind.lower() == "basic" else ""
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _newest() -> Response:
    words = _WORDS[language()]
    try:
        page = ReportPlace(load_settings().report_url).newest()
    except ZakazError as error:
        return _page(words["fault"].format(escape(str(error))), 503)
    return _page(words["none"], 404) if page is None else HTMLResponse(page)


def _form(status: int) -> HTMLResponse:
    words = _WORDS[language()]
    return _page(_FORM.format(path=PATH, ask=words["ask"], enter=words["enter"]), status)


def _page(body: str, status: int) -> HTMLResponse:
    return HTMLResponse(_PAGE.format(language=language(), body=body), status)
