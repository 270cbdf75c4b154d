"""Refusals of the legacy API: an error object inside HTTP 200, with the parameters of the request."""

from __future__ import annotations

from sandbox.vk.wire import Document

UNKNOWN, NO_METHOD, AUTHORIZATION, TOO_MANY, BAD_REQUEST, FLOOD, INTERNAL = 1, 3, 5, 6, 8, 9, 10
CAPTCHA, ACCESS_DENIED, RATE_LIMIT, PARAMETER, NO_USER, NO_PERMISSION, QUOTA = 14, 15, 29, 100, 113, 600, 601
MESSAGES = {
    UNKNOWN: "Unknown error occurred",
    NO_METHOD: "Unknown method passed",
    AUTHORIZATION: "User authorization failed: invalid access_token (4).",
    TOO_MANY: "Too many requests per second",
    7: "Permission to perform this action is denied",
    BAD_REQUEST: "Invalid request: v (version) is required",
    FLOOD: "Flood control",
    INTERNAL: "Internal server error: Unknown error, try later",
    12: "Unable to compile code",
    13: "Runtime error occurred during code invocation",
    CAPTCHA: "Captcha needed",
    ACCESS_DENIED: "Access denied",
    RATE_LIMIT: "Rate limit reached",
    PARAMETER: "One of the parameters specified was missing or invalid",
    NO_USER: "Invalid user id",
    NO_PERMISSION: "Permission denied. You have no access to operations specified with given object(s)",
    QUOTA: "Permission denied. You have requested too many actions this day. Try later.",
    602: "Some part of the request has not been completed",
    603: "Some ads error occurs",
    1117: "Access token has expired",
}
TOKEN_MESSAGES = {
    "expired": "User authorization failed: access_token has expired.",
    "other_ip": "User authorization failed: access_token was given to another ip address.",
    "revoked": "User authorization failed: user revoke access for this token.",
    "missing": "User authorization failed: no access_token passed.",
}
_SECRET = "access_token"  # noqa: S105 - the name of a parameter
_CAPTCHA = {
    "captcha_sid": "239633676097",
    "captcha_img": "https://api.example.invalid/captcha.php?sid=239633676097",
}


class LegacyError(Exception):
    """``message`` defaults to the code's usual one."""

    def __init__(self, code: int, message: str | None = None, **more: object) -> None:
        self.code = code
        self.message = message or MESSAGES.get(code, MESSAGES[UNKNOWN])
        self.more = {**(_CAPTCHA if code == CAPTCHA else {}), **more}
        super().__init__(f"{code} {self.message}")

    def document(self, method: str, arguments: dict[str, str]) -> Document:
        """The token is never among the parameters."""
        given = {name: value for name, value in arguments.items() if name != _SECRET}
        echoed = {"oauth": "1", "method": method, **given}
        parameters = [{"key": key, "value": value} for key, value in echoed.items()]
        return {
            "error": {
                "error_code": self.code,
                "error_msg": self.message,
                **self.more,
                "request_params": parameters,
            }
        }


def invalid(name: str) -> LegacyError:
    return LegacyError(PARAMETER, f"{MESSAGES[PARAMETER]}: {name} is invalid")


def missing(name: str) -> LegacyError:
    return LegacyError(PARAMETER, f"{MESSAGES[PARAMETER]}: {name} is undefined")
