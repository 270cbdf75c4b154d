"""Issued tokens of one account and what became of them. Knows nothing of HTTP.

A client has five slots; a token fills one until it is deleted, whatever its state, and a refresh takes none.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from sandbox.vk.ads import errors
from sandbox.vk.throttle import Clock
from sandbox.world.secrets import MARK

SLOTS = 5
_DAY = 86400
_IDLE_SECONDS = 30 * _DAY


@dataclass(slots=True)
class Token:
    """``expires_at`` is None for a permanent token."""

    access: str
    refresh: str
    client_id: str
    expires_at: float | None
    used_at: float
    revoked: bool = False


class Tokens:
    """``lifetime`` is in seconds and may be changed at any time; ``blocked`` makes the account a blocked user."""

    def __init__(self, client_id: str, client_secret: str, clock: Clock = time.time) -> None:
        self.secrets = {client_id: client_secret}
        self.lifetime = _DAY
        self.blocked = False
        self.clock = clock
        self.issued: list[Token] = []
        self._made = 0
        self._countdown: int | None = None

    def issue(self, client_id: str | None = None, *, permanent: bool = False) -> Token:
        """A new token; the sixth of a client is refused. Without a client it is the first one's."""
        client_id = client_id or next(iter(self.secrets))
        if self.left(client_id) == 0:
            raise errors.token_limit_exceeded()
        now = self.clock()
        expires_at = None if permanent else now + self.lifetime
        token = Token(self._text("access"), self._text("refresh"), client_id, expires_at, now)
        self.issued.append(token)
        return token

    def left(self, client_id: str) -> int:
        """Free slots."""
        self._drop_idle()
        return max(SLOTS - sum(token.client_id == client_id for token in self.issued), 0)

    def renew(self, refresh: str, client_id: str, *, rotate: bool) -> Token:
        """The same token with a new ``access``; the old one is unknown from now on."""
        self._drop_idle()
        for token in self.issued:
            if token.refresh == refresh and token.client_id == client_id and not token.revoked:
                token.access = self._text("access")
                token.refresh = self._text("refresh") if rotate else token.refresh
                token.used_at = self.clock()
                if token.expires_at is not None:
                    token.expires_at = token.used_at + self.lifetime
                return token
        raise errors.oauth_error("invalid_grant")

    def use(self, access: str) -> None:
        """Let a request pass, or raise one of the documented 401."""
        self._drop_idle()
        if self._countdown == 0:
            self._countdown = None
            self.expire()
        token = next((token for token in self.issued if token.access == access), None)
        if token is None:
            raise errors.unauthorized("invalid_token")
        if token.revoked:
            raise errors.unauthorized("revoked_token")
        if self.blocked:
            raise errors.unauthorized("invalid_user")
        if token.expires_at is not None and token.expires_at <= self.clock():
            raise errors.unauthorized("expired_token")
        token.used_at = self.clock()
        if self._countdown is not None:
            self._countdown -= 1

    def expire(self) -> None:
        """Let every token so far expire now."""
        for token in self.issued:
            token.expires_at = self.clock()

    def expire_after(self, requests: int) -> None:
        """The same, once that many more requests have passed: in the middle of a run."""
        self._countdown = requests

    def revoke(self) -> None:
        """The user takes back the access: no token works or can be refreshed, and their slots stay taken."""
        for token in self.issued:
            token.revoked = True

    def delete(self, client_id: str | None = None) -> None:
        """Forget tokens, of one client or all: they are unknown and their slots free."""
        self.issued = [token for token in self.issued if client_id not in (None, token.client_id)]

    def _drop_idle(self) -> None:
        oldest = self.clock() - _IDLE_SECONDS
        self.issued = [token for token in self.issued if token.expires_at is None or token.used_at > oldest]

    def _text(self, kind: str) -> str:
        self._made += 1
        return f"sandbox-vk-{kind}-{MARK}-{self._made}"
