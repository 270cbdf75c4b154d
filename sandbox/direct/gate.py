"""What is checked before any service: how many requests at once and in ten seconds, token, login."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.direct.errors import DirectError
from sandbox.direct.switches import DirectSwitches

_WINDOW_SECONDS = 10.0


class Crowd:
    """ASGI layer that counts requests being answered, hanging ones too, as ``scope["direct.crowd"]``."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._inside = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._inside += 1
        try:
            await self._app({**scope, "direct.crowd": self._inside}, receive, send)
        finally:
            self._inside -= 1


class Pace:
    """Report requests within any ten seconds."""

    def __init__(self, switches: Callable[[], DirectSwitches], clock: Callable[[], float]) -> None:
        self._switches = switches
        self._clock = clock
        self._recent: deque[float] = deque()

    def count(self) -> None:
        """Raises 56 (or status 429) for a request too many, which does not count itself."""
        now = self._clock()
        while self._recent and self._recent[0] <= now - _WINDOW_SECONDS:
            self._recent.popleft()
        if len(self._recent) >= self._switches().reports_in_ten_seconds:
            answer = self._switches().rate_limit_answer
            raise DirectError(56, "", status=None if answer == "56" else 429)
        self._recent.append(now)


def check_access(headers: Headers, token: str, login: str, switches: DirectSwitches) -> None:
    authorization = headers.get("authorization")
    if not authorization:
        raise DirectError(53, "OAuth token is missing")
    if authorization != f"Bearer {token}":
        raise DirectError(53, "Invalid OAuth token")
    wanted = headers.get("client-login")
    if wanted is None and switches.login_required:
        raise DirectError(8000, "The Client-Login header is required")
    # Logins differ neither by case nor by dots and hyphens.
    if wanted is not None and _plain(wanted) != _plain(login):
        raise DirectError(switches.wrong_login_code, "No rights to this login")


def _plain(login: str) -> str:
    return login.lower().replace(".", "-")
