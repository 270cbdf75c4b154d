"""What nobody has seen the real API do: each guess is a switch, to be flipped after the first live check."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

SANDBOX_TOKEN = "sandbox-qtickets-token-zqpd"  # noqa: S105 - opens nothing but the sandbox


@dataclass(slots=True)
class Switches:
    """May be changed while the API is being served; the next request sees it."""

    honour_body: bool = True
    """A JSON body on GET is read. False: as if a proxy or an HTTP library had dropped it."""

    honour_query: bool = True
    """Bracket parameters (``where[0][column]=``) are read. Plain ``page`` and ``perPage`` work either way."""

    honour_filters: bool = True
    """``where`` filters. False: everything comes back with status 200, as with an unknown parameter."""

    ignored_columns: set[str] = field(default_factory=set)
    """Columns whose conditions are silently dropped, e.g. ``{"payed"}``."""

    ignored_operators: set[str] = field(default_factory=set)
    """Operators whose conditions are silently dropped, e.g. ``{"<"}``."""

    honour_order_by: bool = True
    """``orderBy`` sorts. False: ascending by id whatever was asked."""

    honour_select: bool = True
    """``select`` leaves out what was not asked for. False: whole documents."""

    honour_nested_select: bool = True
    """A dotted path selects within its object or list. False: it brings its whole top-level value."""

    honour_per_page: bool = True
    """``perPage`` changes the page size. False: the endpoint's default."""

    max_per_page: int = 500
    """A larger ``perPage`` is cut to this; ``paging.perPage`` of the answer tells."""

    refuse_larger_pages: bool = False
    """A ``perPage`` above ``max_per_page`` gets 503 instead."""

    lose_nested_select: bool = False
    """A dotted path brings nothing, and its object or list is missing."""

    dates: Literal["both", "iso", "sql"] = "both"
    """Which a filter understands: with ``T`` and an offset, or without; the other one gets 503."""

    past_seats: Literal["told", "empty", "refused"] = "told"
    """Seats of a show that is over."""

    other_campaigns: dict[str, str] = field(default_factory=dict)
    """What stands in ``utm_campaign`` instead."""

    price_per_line: bool = False
    """Basket prices are those of the whole line where quantity > 1. The price of the order is the same."""

    price_reduced_after_refund: bool = False
    """A refunded ticket leaves the price of its order."""

    deleted_after_refund: bool = False
    """A refund sets ``deleted_at`` of the ticket, and of the order once all its tickets are refunded."""

    id_as_strings: bool = False
    """Ids of orders and baskets come as numeric strings, as in a fixture of 2019."""

    flags_as_ints: bool = False
    """``payed`` comes as 0 or 1."""
