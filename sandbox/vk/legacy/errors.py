"""Refusals of the legacy API: an error object inside HTTP 200."""

from __future__ import annotations

from sandbox.vk.wire import Document

NO_METHOD, AUTHORIZATION, TOO_MANY, NO_VERSION, INTERNAL, PARAMETER, NO_PERMISSION, QUOTA = (
    3, 5, 6, 8, 10, 100, 600, 601,
)  # fmt: skip
_MESSAGES = {
    NO_METHOD: "Unknown method passed",
    AUTHORIZATION: "User authorization failed",
    TOO_MANY: "Too many requests per second",
    NO_VERSION: "Invalid request: v (version) is required",
    INTERNAL: "Internal server error: Unknown error, try later",
    PARAMETER: "One of the parameters specified was missing or invalid",
    NO_PERMISSION: "Permission denied. You have no access to operations specified with given object(s)",
    QUOTA: "Permission denied. You have requested too many actions this day. Try later.",
}


class LegacyError(Exception):
    """``message`` defaults to the code's usual one; a fault may ask for any code."""

    def __init__(self, code: int, message: str | None = None) -> None:
        self.code = code
        self.message = message or _MESSAGES.get(code, "Unknown error occurred")
        super().__init__(f"{code} {self.message}")

    def document(self) -> Document:
        return {"error": {"error_code": self.code, "error_msg": self.message}}


def invalid(name: str) -> LegacyError:
    return LegacyError(PARAMETER, f"{_MESSAGES[PARAMETER]}: {name} is invalid")
