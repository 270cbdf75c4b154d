"""Error replies: HTTP 200 on regular services, 400 on reports, with the code as int or as string."""

from __future__ import annotations

import json
from typing import Any

_TEXTS = {
    53: ("Authorization error", "Ошибка авторизации"),
    54: ("No rights", "Нет прав"),
    55: ("Operation not found", "Операция не найдена"),
    56: ("Method request limit exceeded", "Превышен лимит запросов метода"),
    152: ("Not enough points", "Недостаточно баллов"),
    506: ("Connection limit exceeded", "Превышен лимит одновременных соединений"),
    513: ("Login is not connected to Yandex Direct", "Ваш логин не подключен к Яндекс.Директу"),
    1000: ("The service is temporarily unavailable", "Сервис временно недоступен"),
    1002: ("Operation error", "Ошибка операции"),
    4000: ("Invalid request parameters", "Неверные параметры запроса"),
    4001: ("Invalid selection criteria", "Параметр SelectionCriteria указан неверно"),
    4002: ("Invalid pagination parameters", "Параметр Page указан неверно"),
    8000: ("Invalid request", "Некорректный запрос"),
    8800: ("Object not found", "Объект не найден"),
    9000: (
        "The maximum number of offline reports in the queue has been reached",
        "Превышен лимит на количество отчетов в очереди",
    ),
}
# Errors of the server, of access and of limits; every other is the caller's and costs points.
_FREE = frozenset({52, 53, 54, 56, 152, 506, 513, 1000, 1001, 1002, 9000})


class DirectError(Exception):
    """A refusal. ``status`` overrules the usual HTTP status of the service."""

    def __init__(self, code: int, detail: str = "", status: int | None = None) -> None:
        super().__init__(f"{code} {detail}".strip())
        self.code = code
        self.detail = detail
        self.status = status

    @property
    def is_free(self) -> bool:
        return self.code in _FREE


def error_body(
    code: int, detail: str = "", *, request_id: str = "0", text: bool = False, ru: bool = False
) -> bytes:
    """``text`` makes the code a string."""
    words = _TEXTS.get(code, _TEXTS[1002])[int(ru)]
    error: dict[str, Any] = {
        "request_id": request_id,
        "error_code": str(code) if text else code,
        "error_detail": detail,
        "error_string": words,
    }
    return to_json({"error": error})


def to_json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
