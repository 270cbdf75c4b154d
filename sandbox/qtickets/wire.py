"""How QTickets words single values and whole bodies."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

Document = dict[str, Any]

# The API answers with this offset for every city.
MOSCOW = timezone(timedelta(hours=3))


def when(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(MOSCOW).isoformat(timespec="seconds")


def money(amount: Decimal) -> int | float:
    """Whole amounts as int, others as float: PHP prints both without trailing zeros."""
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def body(value: Any) -> bytes:
    """JSON bytes as PHP's ``json_encode`` makes them by default: slashes and non-ASCII escaped, no spaces."""
    return json.dumps(value, separators=(",", ":")).replace("/", "\\/").encode("ascii")
