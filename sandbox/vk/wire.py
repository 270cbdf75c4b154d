"""How VK words single values and whole bodies, in both APIs."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sandbox.world.clock import MOSCOW

Document = dict[str, Any]
_KOPECK = Decimal("0.01")


def when(moment: datetime) -> str:
    """Moscow time without an offset."""
    return moment.astimezone(MOSCOW).strftime("%Y-%m-%d %H:%M:%S")


def money(amount: Decimal) -> str:
    """Main units with two places, but ``"0"`` for nothing."""
    return str(amount.quantize(_KOPECK, ROUND_HALF_UP)) if amount else "0"


def ratio(part: Decimal, whole: int) -> str:
    """Money for each of so many, ``"0"`` where there is nothing to divide by."""
    return money(part / whole) if whole else "0"


def percent(part: int, whole: int) -> int | float:
    """A float of all its places; nothing is the int 0."""
    return part * 100 / whole if part and whole else 0


def body(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
