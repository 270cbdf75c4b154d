"""The token endpoints: one form in, one flat object out."""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.responses import Response

from sandbox.recorder import Request
from sandbox.vk.ads import errors
from sandbox.vk.ads.switches import Switches
from sandbox.vk.ads.tokens import Token, Tokens
from sandbox.vk.wire import Document

_SCOPES = ["read_ads", "read_payments"]
_FORM = "application/x-www-form-urlencoded"


def form_of(request: Request) -> dict[str, str]:
    """A body of another type, JSON for instance, is not read."""
    if _FORM not in request.content_type.lower():
        return {}
    return dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))


def token_answer(request: Request, tokens: Tokens, switches: Switches) -> Response:
    """``client_credentials`` and ``refresh_token``; the grants of agencies and of foreign accounts are refused."""
    form = form_of(request)
    grant = form.get("grant_type")
    if grant is None:
        raise errors.oauth_error("invalid_request", "grant_type is required")
    if grant not in ("client_credentials", "refresh_token"):
        raise errors.oauth_error("unsupported_grant_type")
    client_id = _client(form, tokens)
    if grant == "refresh_token":
        token = tokens.renew(form.get("refresh_token", ""), client_id, rotate=switches.rotates_refresh_tokens)
    else:
        permanent = switches.honours_permanent and form.get("permanent") == "true"
        token = tokens.issue(client_id, permanent=permanent)
    return errors.reply(_document(token, tokens, switches))


def delete_answer(request: Request, tokens: Tokens, account_id: int) -> Response:
    """All tokens of the account, unless another user is named. Other consumers of the client lose theirs too."""
    form = form_of(request)
    client_id = _client(form, tokens)
    named = form.get("user_id") or form.get("username")
    if named in (None, str(account_id), username(account_id)):
        tokens.delete(client_id)
    return Response(status_code=204)


def username(account_id: int) -> str:
    return f"{account_id}@vk"


def _client(form: dict[str, str], tokens: Tokens) -> str:
    client_id = form.get("client_id", "")
    if client_id not in tokens.secrets or tokens.secrets[client_id] != form.get("client_secret"):
        raise errors.unauthorized("invalid_client")
    return client_id


def _document(token: Token, tokens: Tokens, switches: Switches) -> Document:
    # A permanent token still tells a number; whether the vendor's does is unknown.
    document: Document = {
        "access_token": token.access,
        "token_type": "bearer",
        "scope": ",".join(_SCOPES) if switches.scope_as_text else _SCOPES,
        "expires_in": tokens.lifetime if switches.expires_in_as_int else str(tokens.lifetime),
        "refresh_token": token.refresh,
    }
    if switches.tells_tokens_left:
        document["tokens_left"] = tokens.left(token.client_id)
    return document
