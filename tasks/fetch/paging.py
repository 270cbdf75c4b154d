"""How far paging may lead: a server may always have one more page, or say that it has 10^15 records."""

from __future__ import annotations

from tasks.errors import SourceError

MOST_PAGES = 10_000
MOST_RECORDS = 1_000_000
"""Of one question: a load keeps them in memory, and no promoter has as many orders, ads or rows in a window."""


def check(title: str, what: str, *, pages: int, records: int) -> None:
    """`pages` and `records`: those that came, or that the API says it has. Raises SourceError."""
    if pages > MOST_PAGES or records > MOST_RECORDS:
        raise SourceError(
            f"{title} sent, or says that it has, {records} {what} on {pages} pages; one load reads at most "
            f"{MOST_RECORDS} on {MOST_PAGES}. Nothing was loaded. Load a narrower window; if that does not help, "
            f"ask {title}'s support.",
            transient=True,
        )
