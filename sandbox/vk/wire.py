"""How VK words values and whole bodies, and how it reads what it is sent, in both APIs."""

from __future__ import annotations

import json
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from urllib.parse import parse_qsl

from starlette.responses import Response

from sandbox.recorder import Request

JSON = "application/json; charset=utf-8"
Document = dict[str, Any]
_FORM = "application/x-www-form-urlencoded"
_KOPECK = Decimal("0.01")


def in_kopecks(amount: Decimal) -> Decimal:
    return amount.quantize(_KOPECK, ROUND_HALF_UP)


def money(amount: Decimal) -> str:
    """Main units with two places, but ``"0"`` for nothing."""
    return str(in_kopecks(amount)) if amount else "0"


def body(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def reply(value: Any) -> Response:
    return Response(body(value), 200, {"Content-Type": JSON})


def form_of(request: Request) -> dict[str, str]:
    """A body of another type, JSON for instance, is not read."""
    if not request.content_type.lower().startswith(_FORM):
        return {}
    return dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))


class Parameters:
    """A query: values by name, in order. An empty value counts as not given."""

    def __init__(self, query: str) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in parse_qsl(query):
            self._values.setdefault(name, []).append(value)

    def plain(self) -> dict[str, str]:
        """Each name with its values joined by commas."""
        return {name: ",".join(values) for name, values in self._values.items()}

    def get(self, name: str) -> str | None:
        """The last one counts."""
        return self._values.get(name, [None])[-1]

    def list(self, name: str) -> list[str]:
        """With commas or by repetition."""
        return [part.strip() for value in self._values.get(name, []) for part in value.split(",") if part.strip()]
