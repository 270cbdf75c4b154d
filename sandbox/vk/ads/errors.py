"""Every refusal of today's API, in its own shape: flat for tokens and limits, nested for the rest."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.responses import Response

from sandbox.vk.wire import JSON, Document, body

TOKEN_ERRORS = {
    "invalid_token": "Unknown access token",
    "expired_token": "Access token is expired",
    "invalid_client": "Invalid client id or secret provided",
    "invalid_user": "User is blocked",
    "revoked_token": "Access token has been revoked",
}
_BAD_REQUEST, _UNAUTHORIZED, _FORBIDDEN, _TOO_MANY, _SERVER = 400, 401, 403, 429, 500


class ApiError(Exception):
    """An answer that is no success. Without ``document`` it has no body."""

    def __init__(self, status: int, document: Document | None, headers: dict[str, str] | None = None) -> None:
        super().__init__(f"{status} {document}")
        self.status = status
        self.document = document
        self.headers = headers or {}

    def response(self, *, bare_codes: bool) -> Response:
        """``bare_codes``: without ``ERR_``."""
        inner = (self.document or {}).get("error")
        if bare_codes and isinstance(inner, dict):
            inner["code"] = str(inner["code"]).removeprefix("ERR_")
        content = b"" if self.document is None else body(self.document)
        return Response(content, self.status, {**self.headers, "Content-Type": JSON})


def unauthorized(code: str) -> ApiError:
    message = TOKEN_ERRORS[code]
    header = f'Bearer realm="api", error="{code}", error_description="{message}"'
    return ApiError(_UNAUTHORIZED, {"code": code, "message": message}, {"WWW-Authenticate": header})


def oauth_error(code: str) -> ApiError:
    return ApiError(_BAD_REQUEST, {"error": code})


def token_limit_exceeded() -> ApiError:
    description = "Active access token limit reached. Please contact support"
    return ApiError(_FORBIDDEN, {"error": "token_limit_exceeded", "error_description": description})


def access_denied() -> ApiError:
    return ApiError(_FORBIDDEN, {"error": {"code": "ERR_ACCESS_DENIED", "message": "Access denied"}})


def invalid(field: str, code: str, message: str) -> ApiError:
    """Validation of one parameter failed."""
    return _nested("validation_failed", "Validation failed", fields={field: {"code": code, "message": message}})


def unknown_fields(unknown: Iterable[str], allowed: Iterable[str]) -> ApiError:
    names = list(unknown)
    code = "unknown_resource_fields" if len(names) > 1 else "unknown_resource_field"
    return _nested(code, f"Unknown resource fields: {', '.join(names)}. Allowed fields: {', '.join(allowed)}")


def statistics_error(code: str, message: str) -> ApiError:
    """``code`` without ``ERR_``."""
    return _nested(f"ERR_{code}", message)


def too_many(limits: dict[int, int], *, bodiless: bool) -> ApiError:
    """``limits`` of the windows that are used up; others were not in the recorded body."""
    document = {
        "remaining": {str(window): 0 for window in limits},
        "limits": {str(window): limit for window, limit in limits.items()},
    }
    return ApiError(_TOO_MANY, None if bodiless else document)


def fault_body(status: int) -> bytes:
    """The usual words of a status that a fault asks for."""
    if status == _TOO_MANY:
        return body({"remaining": {"3600": 0}, "limits": {"3600": 3}})
    if status == _UNAUTHORIZED:
        return body({"code": "expired_token", "message": TOKEN_ERRORS["expired_token"]})
    if status >= _SERVER:
        return body({"error": {"message": "Internal server error", "code": "ERR_INTERNAL"}})
    return body({"error": {"code": "error", "message": f"Error {status}"}})


def _nested(code: str, message: str, **more: object) -> ApiError:
    return ApiError(_BAD_REQUEST, {"error": {"code": code, "message": message, **more}})
