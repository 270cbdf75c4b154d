"""Documents as the switches want them: other conventions for refunds, quantities, ids and flags.

Works on documents, not on the world, so captured replies can be bent likewise. Never changes its input.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.qtickets.switches import Switches
from sandbox.qtickets.wire import Document, money

_UNIT_PRICES = ("original_price", "ticket_original_price", "discount_value", "price", "ticket_amount")
_FLAGS = ("payed", "reserved", "reserve_extended")


def restructure(order: Document, switches: Switches) -> Document:
    """Apply what a filter must see too: prices and deletions."""
    if not any(switches.structure()):
        return order
    changed = dict(order)
    if switches.price_reduced_after_refund:
        gone = sum((_line(basket) for basket in order["baskets"] if basket["refunded_at"]), Decimal(0))
        changed["price"] = money(_exact(order["price"]) - gone)
    if switches.price_per_line:
        changed["baskets"] = [_per_line(basket) for basket in changed["baskets"]]
    if switches.deleted_after_refund:
        changed = _deleted(changed)
    return changed


def reword(order: Document, switches: Switches) -> Document:
    """Apply what only the reader sees: the types of ids and flags. Works on a selection of keys too."""
    changed = dict(order)
    if switches.id_as_strings:
        _id_to_text(changed)
        baskets = changed.get("baskets")
        if isinstance(baskets, list):
            changed["baskets"] = [_id_to_text(dict(basket)) for basket in baskets]
    if switches.flags_as_ints:
        changed.update({flag: int(changed[flag]) for flag in _FLAGS if flag in changed})
    return changed


def _exact(number: Any) -> Decimal:
    return Decimal(str(number))


def _line(basket: Document) -> Decimal:
    return _exact(basket["price"]) * int(basket["quantity"])


def _per_line(basket: Document) -> Document:
    if basket["quantity"] == 1:
        return basket
    line = {key: money(_exact(basket[key]) * int(basket["quantity"])) for key in _UNIT_PRICES if basket.get(key)}
    return {**basket, **line}


def _deleted(order: Document) -> Document:
    baskets = [
        {**basket, "deleted_at": basket["refunded_at"]} if basket["refunded_at"] else basket
        for basket in order["baskets"]
    ]
    changed = {**order, "baskets": baskets}
    if baskets and all(basket["refunded_at"] for basket in baskets):
        changed["deleted_at"] = max(str(basket["refunded_at"]) for basket in baskets)
    return changed


def _id_to_text(document: Document) -> Document:
    if "id" in document:
        document["id"] = str(document["id"])
    return document
