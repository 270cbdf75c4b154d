"""What nobody has seen today's API do, or where sources disagree: each guess is a switch.

Defaults are what the vendor's text says, or the stricter reading, so that a loader which lives with them lives
with the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(slots=True)
class Switches:
    """May be changed while the API is being served; the next request sees it."""

    account_totals: Literal["told", "refused", "wrong"] = "told"
    """Of the whole account by day; ``wrong``: each day that has spend has a rouble more than its ads."""

    moved_to: str = ""
    """Host to which every other one redirects; empty: none does."""

    charges: Literal["net", "gross", "refused"] = "net"
    """Transactions: VAT was taken when money was paid in, or it was not, or the token may not read them."""

    list_cap: int = 50
    """The largest ``limit`` of a list. The vendor's text says 50, several clients send 250."""

    clamp_limit: bool = False
    """A larger ``limit`` is cut to ``list_cap``. False: 400 with ``max_value``."""

    tells_limit: bool = True
    """A list's body has ``limit`` beside ``count`` and ``offset``."""

    stable_order: bool = True
    """Without ``sorting`` lists are by id. False: they start elsewhere at every request."""

    rotates_refresh_tokens: bool = False
    """A refresh gives a new ``refresh_token`` too, and the old one is unknown from then on."""

    expires_in_as_int: bool = False
    """``expires_in`` is 86400 instead of ``"86400"``."""

    scope_as_text: bool = False
    """``scope`` is a text with commas instead of a list."""

    tells_tokens_left: bool = False
    """A token answer has ``tokens_left``."""

    bodiless_429: bool = False
    """A 429 of the rate limits has no body."""

    omits_undelivered: bool = False
    """An object without a single impression in the period has no item. False: an item of zero rows."""

    ids_as_text: bool = False
    """``id`` of a statistics item is a string."""

    empty_cpa_as_int: bool = False
    """``vk.cpa`` of nothing is 0, as in the vendor's sample, instead of ``"0"``, as captured."""

    has_not_ad_spent: bool = True
    """``base`` has ``not_ad_spent``, as captured; the vendor's sample lacks it."""

    extra_keys: bool = True
    """``base.vk`` has ``result``, which the vendor's text does not know."""

    bare_error_codes: bool = False
    """Codes of the statistics come without ``ERR_``."""
