"""Limits of paging: how many ids one call takes, and how many pages and records one load reads."""

from __future__ import annotations

from collections.abc import Iterator

from tasks.errors import SourceError

MOST_PAGES = 10_000
MOST_RECORDS = 1_000_000
"""Of one listing: a load keeps them in memory, and no promoter has as many orders, ads or rows in a window."""
_DAYS_A_CALL = 20_000
"""Rows of statistics in one reply: a few MB."""


def check(title: str, what: str, *, pages: int, records: int) -> None:
    """Raises SourceError for more than one load reads. A server may always have one more page, or say that it has
    10^15 records. `pages` and `records`: those that came, or that the API says it has."""
    if pages > MOST_PAGES or records > MOST_RECORDS:
        raise SourceError(
            f"{title} sent, or says that it has, {records} {what} on {pages} pages; one load reads at most "
            f"{MOST_RECORDS} on {MOST_PAGES}. Nothing was loaded. Load a narrower window; if that does not help, "
            f"ask {title}'s support.",
            transient=True,
        )


def batches(ids: list[int], size: int) -> Iterator[list[int]]:
    """The ids in lists of at most `size`, which is what one call takes."""
    for start in range(0, len(ids), size):
        yield ids[start : start + size]


def ids_a_call(most: int, days: int) -> int:
    """How many ids to send in one call that takes `most` and returns a row per id and day."""
    return max(1, min(most, _DAYS_A_CALL // days))
