"""What is unknown about the legacy API, or was seen in more than one form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(slots=True)
class Switches:
    """May be changed while the API is being served; the next request sees it."""

    max_url: int = 5_500
    """Longer URLs (path and query) are a real HTTP 414; one was seen at 551 ids."""

    unknown_ids_fail: bool = True
    """One unknown id in getStatistics is error 100. False: it has no item."""

    account_totals: Literal["told", "refused", "wrong"] = "told"
    """Of the whole account by day; ``wrong``: each day that has spend has a rouble more than its ads."""

    statistics: Literal["rows", "empty", "absent"] = "rows"
    """``empty``: ``stats`` is [] for everybody; ``absent``: the key is missing. Both were seen since 2022."""

    unsold_absent: bool = False
    """An object without a row in the period has no item. False: an item whose ``stats`` is []."""

    impressions_as_text: bool = False
    """Counts of impressions come as text."""

    spent_as_number: bool = False
    """``spent`` comes as a number."""

    times_as_ints: bool = False
    """``create_time`` is an int, as in the vendor's schema, instead of text, as in a fixture."""

    layout_ids_as_ints: bool = False
    """``id`` in getAdsLayout is an int."""
