"""Every refusal of today's API, in its own shape: flat for tokens and limits, nested for the rest."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.responses import Response

from sandbox.vk.wire import Document, body

JSON = "application/json; charset=utf-8"
TOKEN_ERRORS = {
    "invalid_token": "Unknown access token",
    "expired_token": "Access token is expired",
    "invalid_client": "Invalid client id or secret provided",
    "invalid_user": "User is blocked",
    "revoked_token": "Access token has been revoked",
}
_BAD_REQUEST, _UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _NOT_ALLOWED, _TOO_MANY = 400, 401, 403, 404, 405, 429
_SERVER = 500


class ApiError(Exception):
    """An answer that is no success. Without ``document`` it has no body."""

    def __init__(self, status: int, document: Document | None, headers: dict[str, str] | None = None) -> None:
        super().__init__(f"{status} {document}")
        self.status = status
        self.document = document
        self.headers = headers or {}

    def response(self) -> Response:
        content = b"" if self.document is None else body(self.document)
        return Response(content, self.status, {**self.headers, "Content-Type": JSON})


def reply(value: object) -> Response:
    return Response(body(value), 200, {"Content-Type": JSON})


def unauthorized(code: str) -> ApiError:
    message = TOKEN_ERRORS[code]
    header = f'Bearer realm="api", error="{code}", error_description="{message}"'
    return ApiError(_UNAUTHORIZED, {"code": code, "message": message}, {"WWW-Authenticate": header})


def oauth_error(code: str, description: str | None = None, status: int = _BAD_REQUEST) -> ApiError:
    document = {"error": code} if description is None else {"error": code, "error_description": description}
    return ApiError(status, document)


def token_limit_exceeded() -> ApiError:
    description = "Active access token limit reached. Please contact support"
    return oauth_error("token_limit_exceeded", description, _FORBIDDEN)


def invalid(field: str, code: str, message: str) -> ApiError:
    """Validation of one parameter failed."""
    fields = {field: {"code": code, "message": message}}
    return _nested(_BAD_REQUEST, "validation_failed", "Validation failed", fields=fields)


def unknown_fields(unknown: Iterable[str], allowed: Iterable[str]) -> ApiError:
    names = list(unknown)
    code = "unknown_resource_fields" if len(names) > 1 else "unknown_resource_field"
    message = f"Unknown resource fields: {', '.join(names)}. Allowed fields: {', '.join(allowed)}"
    return _nested(_BAD_REQUEST, code, message)


def forbidden() -> ApiError:
    return _nested(_FORBIDDEN, "permission_denied", "Permission denied")


def not_found() -> ApiError:
    return _nested(_NOT_FOUND, "not_found", "Resource not found")


def method_not_allowed(method: str, supported: list[str]) -> ApiError:
    """Of the vendor is only that ``supported_methods`` are listed: a loader that writes must fail visibly."""
    message = f"The sandbox refuses {method}: a loader must only read"
    return _nested(_NOT_ALLOWED, "method_not_allowed", message, supported_methods=supported)


def statistics_error(code: str, message: str, status: int = _BAD_REQUEST) -> ApiError:
    """``code`` without ``ERR_``."""
    return _nested(status, f"ERR_{code}", message)


def wrong_resource() -> ApiError:
    return statistics_error("WRONG_RESOURCE", "API method does not exist", _NOT_FOUND)


def too_many(limits: dict[int, int], *, bodiless: bool, retry_after: int | None) -> ApiError:
    """``limits`` of the windows that are used up; others were not in the recorded body."""
    document = {
        "remaining": {str(window): 0 for window in limits},
        "limits": {str(window): limit for window, limit in limits.items()},
    }
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return ApiError(_TOO_MANY, None if bodiless else document, headers)


def fault_body(status: int) -> bytes:
    """The usual words of a status that a fault asks for."""
    if status == _TOO_MANY:
        return body({"remaining": {"3600": 0}, "limits": {"3600": 3}})
    if status == _UNAUTHORIZED:
        return body({"code": "expired_token", "message": TOKEN_ERRORS["expired_token"]})
    if status >= _SERVER:
        return body({"error": {"message": "Internal server error", "code": "ERR_INTERNAL"}})
    return body({"error": {"code": "error", "message": f"Error {status}"}})


def _nested(status: int, code: str, message: str, **more: object) -> ApiError:
    return ApiError(status, {"error": {"code": code, "message": message, **more}})
