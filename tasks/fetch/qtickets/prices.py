"""Whether the price of a ticket line is for one ticket or for the line, and whether an order's price is its sum.

Decided for the whole order before its lines are validated: a line in quarantine must not change the price of the
others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from tasks.fetch.qtickets.values import money, whole

Record = dict[str, Any]
Unit = Literal["unit", "line"]
Fit = Literal["fits", "hundredfold", "differs"]

_WHOLES = ("price", "original_price")
"""Fields of an order and of its lines. A refund may lower the order's price, but not its original price."""
_HUNDRED = 100


@dataclass(frozen=True, slots=True)
class _Line:
    basket: Record
    quantity: int
    cancelled: bool
    refunded: bool

    def cost(self, name: str, unit: Unit) -> Decimal | None:
        price = money(self.basket.get(name))
        if price is None or not self.quantity:
            return None
        return price * self.quantity if unit == "unit" else price


def price_is_for(order: Record, baskets: Sequence[Record]) -> Unit:
    """`unit` (one ticket) or `line` (all of the line's tickets), whichever adds up to the order's own price.

    The API does not document which of the two it is, nor whether cancelled lines count. If a line cannot be read,
    the others must at least not cost more than the order. Only this order decides: the price must not depend on
    what else is in the load.
    """
    if all(whole(basket.get("quantity")) == 1 for basket in baskets):
        return "unit"
    lines = _lines(order, baskets)
    fits = {unit: any(_adds_up(order, lines, name, unit) for name in _WHOLES) for unit in ("unit", "line")}
    if fits["unit"] or fits["line"]:
        return "unit" if fits["unit"] else "line"
    return "line" if any(_unit_is_too_much(order, lines, name) for name in _WHOLES) else "unit"


def fit(order: Record, baskets: Sequence[Record]) -> Fit | None:
    """Whether the order's own price is the sum of its lines; None where the lines do not show it."""
    lines, whole_price = _lines(order, baskets), money(order.get("price"))
    if whole_price is None or not lines or any(line.cancelled or line.refunded for line in lines):
        return None
    sums = _sums(lines, "price")
    if None in sums:
        return None
    if whole_price in sums:
        # What is free adds up whatever is missing; its price before discounts does not.
        is_short = not whole_price and _differs(order, lines, "original_price")
        return "differs" if is_short else "fits"
    is_hundredfold = any(
        total and (whole_price == total * _HUNDRED or whole_price * _HUNDRED == total) for total in sums
    )
    return "hundredfold" if is_hundredfold else "differs"


def _lines(order: Record, baskets: Sequence[Record]) -> list[_Line]:
    return [
        _Line(
            basket,
            whole(basket.get("quantity")) or 0,
            bool(order.get("deleted_at") or basket.get("deleted_at")),
            bool(basket.get("refunded_at")),
        )
        for basket in baskets
    ]


def _adds_up(order: Record, lines: Sequence[_Line], name: str, unit: Unit) -> bool:
    own = money(order.get(name))
    live = [line for line in lines if not line.cancelled]
    return own is not None and own in (_sum(lines, name, unit), _sum(live, name, unit))


def _differs(order: Record, lines: Sequence[_Line], name: str) -> bool:
    own, sums = money(order.get(name)), _sums(lines, name)
    return own is not None and None not in sums and own not in sums


def _unit_is_too_much(order: Record, lines: Sequence[_Line], name: str) -> bool:
    """Whether the readable lines cost more than the order if their prices are for one ticket."""
    own = money(order.get(name))
    firm = [line for line in lines if not line.cancelled and not line.refunded]
    known = [line for line in firm if line.cost(name, "unit") is not None]
    if own is None or len(known) == len(lines):
        return False
    per_unit, per_line = _sum(known, name, "unit"), _sum(known, name, "line")
    assert per_unit is not None
    assert per_line is not None
    return per_unit > own >= per_line


def _sums(lines: Sequence[_Line], name: str) -> list[Decimal | None]:
    """By each unit."""
    per_unit = _sum(lines, name, "unit")
    return [per_unit, per_unit if all(line.quantity == 1 for line in lines) else _sum(lines, name, "line")]


def _sum(lines: Sequence[_Line], name: str, unit: Unit) -> Decimal | None:
    costs = [line.cost(name, unit) for line in lines]
    return None if None in costs else sum((cost for cost in costs if cost is not None), Decimal(0))
