"""Which pages of a listing to read, and the proof that nothing is missing from what was read.

`read_all` is for a listing that the server has filtered; `walk` finds the records of a span of time where it
has not, without reading the rest. Both merge by id and begin again when the pages moved under them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tasks.errors import SourceError
from tasks.fetch.qtickets.listing import Listing, Page, Record

logger = logging.getLogger("zakaz.fetch")

PASSES = 3
"""How often a listing is read anew because orders came or went while it was read."""
_AT_ONCE = 4
# Orders of one page that must lie before a span: one with an odd date must not end the walk early.
_ENOUGH_BEFORE = 3

Merged = dict[Any, Record]


@dataclass(frozen=True)
class Span:
    """Orders created from `start` on and before `end`."""

    start: datetime
    end: datetime


async def read_all(listing: Listing, first: Page | None = None) -> list[Record]:
    """Every record of the listing; their number is the `total` the API itself gives.

    Raises SourceError when the two still differ after PASSES readings.
    """
    found, total = 0, 0
    for _ in range(PASSES):
        first = first or await listing.page(1)
        pages = [first, *await _pages(listing, range(2, first.pages + 1))]
        merged = _merge(pages)
        found, total = len(merged), first.total
        if found == total and all((page.total, page.per_page) == (total, first.per_page) for page in pages):
            return list(merged.values())
        logger.warning("QTickets: /%s moved while it was read (%d of %d); again", listing.path, found, total)
        first = None
    raise SourceError(
        f"QTickets says that /{listing.path} has {total} records but sent {found} different ones, "
        f"{PASSES} times in a row. Nothing was loaded.",
        transient=True,
    )


async def walk(listing: Listing, span: Span, created_at: Callable[[Record], datetime | None]) -> list[Record]:
    """The records of `span` and a few around it, from a listing ordered by id, which grows with creation.

    Goes from the newest record back and stops on the span's start; pages newer than its end are skipped by
    bisection. Works whether or not the server obeys the order asked for.
    """
    for _ in range(PASSES):
        walker = _Walker(listing, span, created_at)
        records = await walker.run()
        if records is not None:
            return records
        logger.warning("QTickets: /%s moved while it was walked; again", listing.path)
    raise SourceError(
        f"QTickets' /{listing.path} kept changing while it was read, {PASSES} times in a row. Nothing was loaded.",
        transient=True,
    )


@dataclass
class _Walker:
    listing: Listing
    span: Span
    created_at: Callable[[Record], datetime | None]
    seen: dict[int, Page] = field(default_factory=dict)

    async def run(self) -> list[Record] | None:
        """None where rows vanished from the listing meanwhile: the next page may have slipped past."""
        first = await self._page(1)
        order = _newest_to_oldest(first)
        position = await self._first_at_or_before_end(order)
        size = 1  # most walks end on the first page; only long ones are worth reading ahead
        while position < len(order):
            batch = order[position : position + size]
            await _together(self._page(number) for number in batch)
            if any(self._reaches_start(self.seen[number]) for number in batch):
                break
            position, size = position + size, min(_AT_ONCE, size * 2)
        return None if self._slipped(first) else list(_merge(self.seen.values()).values())

    async def _page(self, number: int) -> Page:
        if number not in self.seen:
            self.seen[number] = await self.listing.page(number)
        return self.seen[number]

    async def _first_at_or_before_end(self, order: list[int]) -> int:
        """The position of the newest page that holds something created before the span's end."""
        low, high = 0, len(order) - 1
        middle = 0
        while low < high:
            times = self._times(await self._page(order[middle]))
            if not times or min(times) < self.span.end:
                high = middle
            else:
                low = middle + 1
            middle = (low + high) // 2
        return low

    def _reaches_start(self, page: Page) -> bool:
        times = self._times(page)
        before = sum(time < self.span.start for time in times)
        return before > 0 and before >= min(_ENOUGH_BEFORE, len(times))

    def _times(self, page: Page) -> list[datetime]:
        return [time for record in page.records if (time := self.created_at(record)) is not None]

    def _slipped(self, first: Page) -> bool:
        return any(
            page.total < first.total
            or len(page.records) != min(page.per_page, max(0, page.total - (page.number - 1) * page.per_page))
            for page in self.seen.values()
        )


def _newest_to_oldest(first: Page) -> list[int]:
    numbers = list(range(1, first.pages + 1))
    ids = [_number(record.get("id")) for record in first.records]
    ascending = bool(ids) and ids[0] < ids[-1]
    return numbers[::-1] if ascending else numbers


def _number(value: object) -> int:
    return int(value) if isinstance(value, int) or (isinstance(value, str) and value.isdecimal()) else 0


async def _pages(listing: Listing, numbers: Iterable[int]) -> list[Page]:
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(number: int) -> Page:
        async with gate:
            return await listing.page(number)

    return await _together(one(number) for number in numbers)


async def _together(reads: Iterable[Coroutine[Any, Any, Page]]) -> list[Page]:
    """Where one fails the others are stopped and waited for: none may outlive the client it uses."""
    tasks = [asyncio.create_task(read) for read in reads]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _merge(pages: Iterable[Page]) -> Merged:
    """By id, the newest version last; a record without an id keeps a place of its own, to be judged later."""
    return {
        str(record["id"]) if record.get("id") is not None else (page.number, index): record
        for page in pages
        for index, record in enumerate(page.records)
    }
