"""Orders as the switches want them: other conventions for refunds, quantities, ids and flags.

Works on documents, not on the world, so captured replies can be bent likewise. Never changes its input.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.qtickets.switches import Switches
from sandbox.qtickets.wire import Document, money

_UNIT_PRICES = ("original_price", "discount_value", "price")


def varied(document: Document, switches: Switches) -> Document:
    """An event, which has no baskets, is as it is."""
    if not isinstance(document.get("baskets"), list):
        return document
    baskets = [_basket(basket, switches) for basket in document["baskets"]]
    changed = {**document, "baskets": baskets}
    if switches.price_reduced_after_refund:
        back = [basket for basket in document["baskets"] if basket["refunded_at"]]
        gone = sum((_exact(basket["price"]) * int(basket["quantity"]) for basket in back), Decimal(0))
        changed["price"] = money(_exact(document["price"]) - gone)
    if switches.deleted_after_refund and baskets and all(basket["refunded_at"] for basket in baskets):
        changed["deleted_at"] = max(str(basket["refunded_at"]) for basket in baskets)
    if switches.other_campaigns and isinstance(tags := document["utm"], dict):
        campaign = tags.get("utm_campaign", "")
        changed["utm"] = tags | {"utm_campaign": switches.other_campaigns.get(campaign, campaign)}
    if switches.id_as_strings:
        changed["id"] = str(document["id"])
    if switches.flags_as_ints:
        changed["payed"] = int(document["payed"])
    return changed


def _basket(basket: Document, switches: Switches) -> Document:
    changed = dict(basket)
    if switches.price_per_line and basket["quantity"] != 1:
        changed |= {key: money(_exact(basket[key]) * int(basket["quantity"])) for key in _UNIT_PRICES}
    if switches.deleted_after_refund and basket["refunded_at"]:
        changed["deleted_at"] = basket["refunded_at"]
    if switches.id_as_strings:
        changed["id"] = str(basket["id"])
    return changed


def _exact(number: Any) -> Decimal:
    return Decimal(str(number))
