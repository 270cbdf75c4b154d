"""The access token of VK Ads: requested once, stored in a file that only its owner can read, refreshed under a
lock.

VK issues at most five tokens, whatever their state, and a refresh invalidates the old one at once. So runs share
one stored token. It is never deleted here: that would log out every other user of the same application.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import AsyncGenerator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
from filelock import AsyncFileLock, Timeout

from tasks.errors import SourceError
from tasks.exposure import make_private
from tasks.fetch import traffic
from tasks.fetch.decode import Undecodable, json_of
from tasks.fetch.http import Api, ApiClient, as_json
from tasks.settings import Settings, require

_REFRESH_BEFORE_END = 30 * 60
"""Seconds before its end at which a token is refreshed."""
_LOCK_WAIT = 120
_DAY = 86_400
"""Seconds that a token lives, by the documentation."""
_UNKNOWN_LIFETIME = 60 * 60
"""Seconds for which a token is used if its reply has no readable lifetime."""
_TOKENS = ("access_token", "refresh_token")
_RENEWABLE = {"expired_token", "invalid_token"}
_PERMANENT = {"revoked_token": "has been revoked", "invalid_user": "is that of a blocked user"}

Tokens = dict[str, Any]


class _Refused(Exception):
    def __init__(self, reply: httpx.Response) -> None:
        super().__init__(reply.status_code)
        self.status = reply.status_code
        self.all_taken = b"token_limit_exceeded" in reply.content


class StoredToken(httpx.Auth):
    """Adds the token to every request. On 401 takes a newer one, stored by another process or refreshed, and sends
    the request once more."""

    def __init__(self, settings: Settings) -> None:
        self._fixed = require(settings, "VK_TOKEN") if settings.vk_token else ""
        self._path, self._file = settings.vk_token_file, settings.place_of("vk")
        self.client_id = "" if self._fixed else require(settings, "VK_CLIENT_ID")
        self._secret = "" if self._fixed else require(settings, "VK_CLIENT_SECRET")
        self.agency_client = (settings.vk_agency_client or "").strip()
        api = replace(api_of(settings), judge=_judge)
        self._refreshing = ApiClient(api, settings)
        # One attempt: a token whose reply is lost takes one of the five slots too.
        self._issuing = ApiClient(api, settings.model_copy(update={"http_attempts": 1}))

    async def close(self) -> None:
        await self._refreshing.close()
        await self._issuing.close()

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        token = self._fixed or await self._token_except("")
        request.headers["Authorization"] = f"Bearer {token}"
        reply = yield request
        code = _code(await reply.aread()) if reply.status_code == httpx.codes.UNAUTHORIZED else ""
        if code in _PERMANENT:
            then = f"put a new VK_TOKEN into {self._file}" if self._fixed else f"remove {self._path}"
            raise SourceError(
                f"VK Ads says that the token {_PERMANENT[code]}. Once access is granted again, {then}."
            )
        if code in _RENEWABLE and not self._fixed:
            request.headers["Authorization"] = f"Bearer {await self._token_except(token)}"
            traffic.count(calls=1, retries=1)
            yield request

    async def _token_except(self, dead: str) -> str:
        kept = self._load()
        if _is_good(kept) and kept["access_token"] != dead:
            return str(kept["access_token"])
        make_private(self._path.parent)
        try:
            async with AsyncFileLock(self._path.with_suffix(".lock"), timeout=_LOCK_WAIT, mode=0o600):
                kept = self._load()
                if not _is_good(kept) or kept["access_token"] == dead:
                    kept = await self._renew(kept)
                    self._store(kept)
                return str(kept["access_token"])
        except Timeout:
            raise SourceError(
                f"Another process has been renewing VK's token for {_LOCK_WAIT} s. The next run tries again.",
                transient=True,
            ) from None

    async def _renew(self, kept: Tokens) -> Tokens:
        """By refresh, which takes no new slot of the five; a new token only if VK refuses the refresh."""
        try:
            if _is_token(kept.get("refresh_token")):
                try:
                    form = {"grant_type": "refresh_token", "refresh_token": kept["refresh_token"]}
                    return kept | await self._request(self._refreshing, form)
                except _Refused as refused:
                    if refused.status == httpx.codes.FORBIDDEN:
                        raise
            return await self._request(self._issuing, self._grant())
        except _Refused as refused:
            if refused.all_taken:
                raise SourceError(
                    "VK Ads gives this application no further token: all five are taken. Put one of them as "
                    f"VK_TOKEN into {self._file}, or delete unused ones in the VK Ads cabinet."
                ) from None
            client = ", that VK_AGENCY_CLIENT is one of its clients" if self.agency_client else ""
            raise SourceError(
                f"VK Ads gave no token (HTTP {refused.status}). Check VK_CLIENT_ID and VK_CLIENT_SECRET in "
                f"{self._file}{client}, and that the application's API access is still open."
            ) from None

    def _grant(self) -> dict[str, str]:
        """A token reads its own account only, so each client of an agency has one."""
        if not self.agency_client:
            return {"grant_type": "client_credentials"}
        by = "agency_client_id" if self.agency_client.isdecimal() else "agency_client_name"
        return {"grant_type": "agency_client_credentials", by: self.agency_client}

    async def _request(self, client: ApiClient, form: dict[str, str]) -> Tokens:
        """The tokens of one reply; a refresh may leave the refresh token out. An access token is stored whatever
        else the reply has: it has taken one of the five slots."""
        form |= {"client_id": self.client_id, "client_secret": self._secret}
        body = await client.send("POST", "api/v2/oauth2/token.json", as_json, data=form)
        reply = body if isinstance(body, dict) else {}
        # Text alone: written as text, a list or an object with a token in it would be kept as one.
        found = {name: value.strip() for name in _TOKENS if isinstance(value := reply.get(name), str)}
        tokens = {name: text for name, text in found.items() if _is_token(text)}
        if "access_token" not in tokens:
            raise SourceError("VK Ads answered the request for a token without one.", transient=True)
        return tokens | {"expires_at": time.time() + _lifetime(reply.get("expires_in"))}

    def _load(self) -> Tokens:
        """The stored token; {} if it is of another application or client, or unreadable."""
        try:
            kept = json_of(self._path.read_bytes())
        except (OSError, Undecodable):
            return {}
        owner = (kept.get("client_id"), kept.get("agency_client", "")) if isinstance(kept, dict) else None
        return kept if owner == (self.client_id, self.agency_client) else {}

    def _store(self, tokens: Tokens) -> None:
        """Replaces the file by one that nobody else could ever read."""
        fresh = self._path.with_suffix(f".{os.getpid()}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(tokens | {"client_id": self.client_id, "agency_client": self.agency_client}, file)
        Path(fresh).replace(self._path)


def api_of(settings: Settings) -> Api:
    """Address, hosts and error format of VK Ads, for requests of data and of tokens."""
    return Api(
        "VK Ads",
        settings.vk_base_url,
        {},
        settings.vk_rate,
        {},
        setting="VK_BASE_URL",
        hosts=("ads.vk.com", "ads.vk.ru"),
        is_own=_is_own,
        smaller="Load a narrower window, or set a smaller VK_PAGE_SIZE.",
    )


def _is_own(body: Mapping[str, Any]) -> bool:
    """`{"error": {"code": …}}`, on 401 a flat `code`, from OAuth a flat `error`. Flat ones are words joined by `_`,
    unlike those of a gateway."""
    error = body.get("error")
    if isinstance(error, dict):
        return isinstance(error.get("code"), str)
    return "_" in str(body.get("code") or "") or "_" in str(error or "") or "error_description" in body


def _judge(reply: httpx.Response) -> None:
    if reply.status_code in (400, 401, 403):
        raise _Refused(reply)


def _is_good(kept: Tokens) -> bool:
    return (
        _is_token(kept.get("access_token"))
        and (_seconds(kept.get("expires_at")) or 0) - _REFRESH_BEFORE_END > time.time()
    )


def _is_token(value: object) -> bool:
    """Whether the value can be sent in a header."""
    return isinstance(value, str) and value != "" and all("!" <= letter <= "~" for letter in value)


def _lifetime(value: object) -> float:
    """Seconds; they come as a number or as text."""
    seconds = _seconds(value)
    return _UNKNOWN_LIFETIME if seconds is None or seconds <= 0 else min(seconds, _DAY)


def _seconds(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        return None
    return seconds if math.isfinite(seconds) else None


def _code(body: bytes) -> str:
    try:
        reply = json_of(body)
    except Undecodable:
        return ""
    return str(reply.get("code", "")) if isinstance(reply, dict) else ""
