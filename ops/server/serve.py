"""The Prefect server as Zakaz runs it: with a password, for its own pages and its own host names only, and with the
newest report beside it.

Prefect alone answers every origin and host, and whoever may use its API may have a worker run any program and read
the secrets of blocks: without this a page in the user's browser could. Run as `python -m ops.server.serve`, with
the options --host and --port, in place of `prefect server start`.
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any
from urllib.parse import urlsplit

import uvicorn
from starlette.datastructures import MutableHeaders
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ops.server.report_page import WithReport
from tasks.errors import SettingsError, ZakazError

PASSWORD = "PREFECT_SERVER_API_AUTH_STRING"  # noqa: S105 - the name of the setting
HOSTS = "ZAKAZ_UI_HOSTS"
"""Further names by which the server is reached, e.g. prefect in compose; known are this machine's own and that of
PREFECT_UI_URL."""
SHORTEST = 12
"""Characters of a password after the name and the colon."""
_HERE = ("127.0.0.1", "localhost")


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m ops.server.serve", description=__doc__.partition("\n")[0])
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=4200)
    options = parser.parse_args(arguments)
    try:
        require_password(os.environ.get(PASSWORD))
    except ZakazError as error:
        sys.stderr.write(f"zakaz: {error}\n")
        sys.exit(error.exit_status)
    os.environ.setdefault("PREFECT_SERVER_CORS_ALLOWED_ORIGINS", ",".join(origins(options.port)))
    _run(options.host, options.port)


def require_password(given: str | None) -> None:
    """Raises SettingsError where the API would be open to anybody, or nearly so."""
    name, _, password = (given or "").strip().partition(":")
    if not name or len(password) < SHORTEST:
        raise SettingsError(
            f"{PASSWORD} must be a name, a colon and a password of at least {SHORTEST} characters, e.g. zakaz: and "
            "what `openssl rand -hex 24` prints. Without it anybody who reaches the server, and any page in your "
            "browser, could run programs on its workers."
        )


def hosts() -> list[str]:
    """Names that a request may have in its Host header."""
    more = [name.strip() for name in os.environ.get(HOSTS, "").split(",") if name.strip()]
    public = urlsplit(os.environ.get("PREFECT_UI_URL", "")).hostname
    return [*_HERE, *([public] if public else []), *more]


def origins(port: int) -> list[str]:
    """Pages that may use the API from a browser: the server's own."""
    public = urlsplit(os.environ.get("PREFECT_UI_URL", ""))
    ours = [f"http://{name}:{port}" for name in _HERE]
    return [*ours, f"{public.scheme}://{public.netloc}"] if public.netloc else ours


class NoFrames:
    """No page shows ours within itself, where a person who has signed in would click on what it does not show."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["X-Frame-Options"] = "DENY"
                headers.setdefault("Content-Security-Policy", "frame-ancestors 'none'")
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _run(host: str, port: int) -> None:
    # After the environment is right: Prefect reads it as it is imported.
    from prefect.server.api.server import create_app  # noqa: PLC0415
    from prefect.settings import get_current_settings  # noqa: PLC0415

    server: Any = get_current_settings().server
    ours = WithReport(create_app(final=True), os.environ[PASSWORD])
    app = NoFrames(TrustedHostMiddleware(ours, allowed_hosts=hosts(), www_redirect=False))
    uvicorn.run(
        app,
        host=host,
        port=port,
        log_level=server.logging_level.lower(),
        timeout_keep_alive=server.api.keepalive_timeout,
        ws_ping_interval=server.api.websocket_ping_interval,
        ws_ping_timeout=server.api.websocket_ping_timeout,
        server_header=False,
    )


if __name__ == "__main__":
    main()
