"""Tokens of one account: how they are issued and refreshed, and what became of them.

A client has five slots; a token fills one until it is deleted, whatever its state, and a refresh takes none.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from sandbox.vk.ads import errors
from sandbox.vk.ads.switches import Switches
from sandbox.vk.cabinet import VK_CLIENT_ID, VK_CLIENT_SECRET
from sandbox.vk.throttle import DAY, Clock
from sandbox.vk.wire import Document
from sandbox.world.secrets import MARK

_SLOTS = 5
_SCOPES = ["read_ads", "read_payments"]
_AGENCY = "agency_client_credentials"


@dataclass(slots=True)
class Token:
    access: str
    refresh: str
    client_id: str
    expires_at: float
    revoked: bool = False


class Tokens:
    """``lifetime`` is in seconds and may be changed at any time; ``blocked`` makes the account a blocked user.

    ``agency`` has the tokens of the agency whose client the account is.
    """

    def __init__(
        self,
        clock: Clock = time.time,
        client_id: str = VK_CLIENT_ID,
        client_secret: str = VK_CLIENT_SECRET,
        agency: Tokens | None = None,
    ) -> None:
        self.client_id, self.client_secret, self.agency = client_id, client_secret, agency
        self.lifetime = DAY
        self.blocked = False
        self.clock = clock
        self.issued: list[Token] = []
        self._made: set[str] = set()

    def answer(self, form: dict[str, str], switches: Switches) -> Document:
        """To a request for a token, a new one or a refreshed one; other grants are refused."""
        grant = form.get("grant_type")
        if grant not in ("client_credentials", _AGENCY, "refresh_token"):
            raise errors.oauth_error("unsupported_grant_type")
        client_id = form.get("client_id", "")
        is_ours = (client_id, form.get("client_secret")) == (self.client_id, self.client_secret)
        # An agency that names no client of its own comes to itself with this grant.
        if (is_ours and grant == _AGENCY) or not (is_ours or self._is_agency(form)):
            raise errors.unauthorized("invalid_client")
        if grant == "refresh_token":
            rotate = switches.rotates_refresh_tokens
            token = self.renew(form.get("refresh_token", ""), client_id, rotate=rotate)
        else:
            token = self.issue(client_id)
        document: Document = {
            "access_token": token.access,
            "token_type": "bearer",
            "scope": ",".join(_SCOPES) if switches.scope_as_text else _SCOPES,
            "expires_in": self.lifetime if switches.expires_in_as_int else str(self.lifetime),
            "refresh_token": token.refresh,
        }
        if switches.tells_tokens_left:
            document["tokens_left"] = _SLOTS - self._taken(client_id)
        return document

    def issue(self, client_id: str | None = None) -> Token:
        """A new token, without ``client_id`` for the account's own client; a client's sixth is refused."""
        client_id = client_id or self.client_id
        if self._taken(client_id) >= _SLOTS:
            raise errors.token_limit_exceeded()
        expires_at = self.clock() + self.lifetime
        token = Token(self._text("access"), self._text("refresh"), client_id, expires_at)
        self.issued.append(token)
        return token

    def made_here(self, text: str) -> bool:
        """Whether a token of either kind is or was this account's."""
        return text in self._made

    def _taken(self, client_id: str) -> int:
        return sum(token.client_id == client_id for token in self.issued)

    def _is_agency(self, form: dict[str, str]) -> bool:
        agency = self.agency
        pair = form.get("client_id"), form.get("client_secret")
        return agency is not None and pair == (agency.client_id, agency.client_secret)

    def renew(self, refresh: str, client_id: str, *, rotate: bool) -> Token:
        """The same token with a new ``access``; the old one is unknown from now on."""
        for token in self.issued:
            if token.refresh == refresh and token.client_id == client_id and not token.revoked:
                token.access = self._text("access")
                token.refresh = self._text("refresh") if rotate else token.refresh
                token.expires_at = self.clock() + self.lifetime
                return token
        raise errors.oauth_error("invalid_grant")

    def use(self, access: str) -> None:
        """Let a request pass, or raise one of the documented 401."""
        token = next((token for token in self.issued if token.access == access), None)
        if token is None:
            raise errors.unauthorized("invalid_token")
        if token.revoked:
            raise errors.unauthorized("revoked_token")
        if self.blocked:
            raise errors.unauthorized("invalid_user")
        if token.expires_at <= self.clock():
            raise errors.unauthorized("expired_token")

    def expire(self) -> None:
        """Let every token so far expire now."""
        for token in self.issued:
            token.expires_at = self.clock()

    def revoke(self) -> None:
        """The user takes back the access: no token works or can be refreshed, and their slots stay taken."""
        for token in self.issued:
            token.revoked = True

    def delete(self) -> None:
        """Forget all tokens: they are unknown and their slots free."""
        self.issued.clear()

    def _text(self, kind: str) -> str:
        text = f"sandbox-vk-{kind}-{MARK}-{self.client_id}-{len(self._made) + 1}"
        self._made.add(text)
        return text
