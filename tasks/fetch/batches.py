"""As many ids a call as a service takes."""

from __future__ import annotations

from collections.abc import Iterator

_DAYS_A_CALL = 20_000
"""Rows of statistics in one reply: a few MB."""


def batches(ids: list[int], size: int) -> Iterator[list[int]]:
    for start in range(0, len(ids), size):
        yield ids[start : start + size]


def ids_a_call(most: int, days: int) -> int:
    """How many ids of which the service takes `most` to ask for, where each brings a row a day."""
    return max(1, min(most, _DAYS_A_CALL // days))
