"""Reads the pages of a listing and checks that no record is missing.

`read_all` reads a filtered listing; `walk` finds the records of a span of time in an unfiltered one without reading
the rest. Both merge by id, start again when records moved between pages, and fail when the listing shrank by much
while it was read.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any

from tasks.errors import SourceError
from tasks.fetch import paging
from tasks.fetch.qtickets.first_page import first_page
from tasks.fetch.qtickets.listing import Listing, Page, Record
from tasks.fetch.qtickets.values import whole

logger = logging.getLogger("zakaz.fetch")

PASSES = 3
"""How often a listing is read when records were added or removed meanwhile."""
_AT_ONCE = 4
_AHEAD = 4 * _AT_ONCE
"""Pages that are read before they are checked."""
# Orders of one page that must be older than the span: one with a wrong date must not end the walk.
_ENOUGH_BEFORE = 3
_SMALL_SHARE = 20
"""Orders are removed one by one: a listing that lost more than a twentieth between two readings is not believed."""

Merged = dict[Any, Record]


@dataclass(frozen=True)
class Span:
    """Orders created from `start` on and before `end`."""

    start: datetime
    end: datetime


async def read_all(listing: Listing, first: Page | None = None) -> list[Record]:
    """Every record of the listing; their number equals the API's `total`.

    Raises SourceError when the two still differ after PASSES readings, and when the total fell by much: a server
    that is briefly empty sends pages that are consistent.
    """
    highest, before = 0, None
    failure = ""
    for _ in range(PASSES):
        if first is None:
            listing, first = await first_page(listing)
        pages = await _read_pages(listing, first)
        total, merged = first.total, _merge(pages)
        highest = max(highest, *(page.total for page in pages))
        is_whole = len(merged) == total and all(_fits(page, first) for page in pages)
        if is_whole and (total == highest or (merged.keys() == before and not fell(total, highest))):
            return list(merged.values())
        before = merged.keys() if is_whole else None
        failure = (
            f"said that /{listing.path} has {highest} records, and a moment later {total}"
            if is_whole
            else f"says that /{listing.path} has {total} records but sent {len(merged)} different ones, "
            f"{PASSES} times in a row"
        )
        logger.warning(
            "QTickets: /%s changed while it was read (%d of %d); again", listing.path, len(merged), total
        )
        first = None
    raise SourceError(f"QTickets {failure}. Nothing was loaded.", transient=True)


def fell(total: int, highest: int) -> bool:
    """Whether a total that was `highest` fell by more than the few orders removed while a listing is read."""
    return highest - total > max(1, highest // _SMALL_SHARE) or (highest > 0 and not total)


async def _read_pages(listing: Listing, first: Page) -> list[Page]:
    """All pages, or only the first ones if they already do not fit the first page."""
    _check(listing, first.pages, first.total)
    pages = [first]
    rest = range(2, first.pages + 1)
    for start in range(0, len(rest), _AHEAD):
        if not all(_fits(page, first) for page in pages):
            break
        pages += await _pages(listing, rest[start : start + _AHEAD])
    return pages


def _check(listing: Listing, pages: int, records: int) -> None:
    paging.check("QTickets", f"records of /{listing.path}", pages=pages, records=records)


def _fits(page: Page, first: Page) -> bool:
    return page.is_whole and (page.total, page.per_page) == (first.total, first.per_page)


async def walk(listing: Listing, span: Span, created_at: Callable[[Record], datetime | None]) -> list[Record]:
    """The records of `span` and a few around it, from a listing ordered by id, which grows with creation.

    Reads from the newest record back to the start of the span; a binary search skips pages newer than its end.
    Works for both orders, whichever the server uses. Raises SourceError like `read_all`.
    """
    highest = 0
    for _ in range(PASSES):
        listing, first = await first_page(listing)
        walker = _Walker(listing, span, created_at, {1: first})
        records = await walker.run(first)
        if records is not None and not fell(first.total, highest):
            return records
        highest = max(highest, *(page.total for page in walker.seen.values()))
        logger.warning("QTickets: /%s changed while it was walked; again", listing.path)
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

    async def run(self, first: Page) -> list[Record] | None:
        """None if records moved between pages meanwhile, so one may be missing."""
        order = await self._newest_to_oldest(first)
        position = low = await self._first_at_or_before_end(order)
        size = 1  # most walks end on the first page; only long ones read ahead
        while position < len(order):
            batch = order[position : position + size]
            await _together(self._page(number) for number in batch)
            pages = [self.seen[number] for number in batch]
            position, size = position + len(batch), min(_AT_ONCE, size * 2)
            if any(self._reaches_start(page) or not page.is_whole for page in pages):
                break
        read = [self.seen[number] for number in order[low:position]]
        return None if self._has_moved(first, read) else list(_merge(self.seen.values()).values())

    async def _page(self, number: int) -> Page:
        if number not in self.seen:
            self.seen[number] = page = await self.listing.page(number)
            _check(self.listing, len(self.seen), len(self.seen) * len(page.records))
        return self.seen[number]

    async def _newest_to_oldest(self, first: Page) -> range:
        """The numbers of all pages. If the first page has one id, the last page shows the order."""
        ids = _ids(first)
        if first.pages > 1 and len(set(ids)) == 1:
            ids += _ids(await self._page(first.pages))
        is_ascending = bool(ids) and ids[0] < ids[-1]
        return range(first.pages, 0, -1) if is_ascending else range(1, first.pages + 1)

    async def _first_at_or_before_end(self, order: Sequence[int]) -> int:
        """The position of the newest page with a record created before the end of the span."""
        low, high = 0, len(order) - 1
        middle = 0
        while low < high:
            times = self._times((await self._page(order[middle])).records)
            if not times or min(times) < self.span.end:
                high = middle
            else:
                low = middle + 1
            middle = (low + high) // 2
        return low

    def _reaches_start(self, page: Page) -> bool:
        """Whether the page's oldest records, by id, were created before the span."""
        oldest = sorted((record for record in page.records if _id(record) is not None), key=_id_or_zero)
        times = self._times(oldest[:_ENOUGH_BEFORE])
        return bool(times) and all(time < self.span.start for time in times)

    def _times(self, records: Sequence[Record]) -> list[datetime]:
        return [time for record in records if (time := self.created_at(record)) is not None]

    def _has_moved(self, first: Page, read: Sequence[Page]) -> bool:
        """Whether a record may have moved from an unread page to one read before, or a page came twice."""
        seen = list(self.seen.values())
        growth = max(page.total for page in seen) - first.total
        twice = sum(len(page.records) for page in seen) - len(_merge(seen))
        return (
            twice > growth
            or any(page.total < first.total or page.per_page != first.per_page for page in seen)
            or not all(page.is_whole for page in seen)
            # Pages are read at the same time: the older one was read before a record was added in front of both.
            or any(newer.total > older.total for newer, older in pairwise(read))
        )


def _ids(page: Page) -> list[int]:
    return [number for record in page.records if (number := _id(record)) is not None]


def _id(record: Record) -> int | None:
    return whole(record.get("id"))


def _id_or_zero(record: Record) -> int:
    return _id(record) or 0


async def _pages(listing: Listing, numbers: Iterable[int]) -> list[Page]:
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(number: int) -> Page:
        async with gate:
            return await listing.page(number)

    return await _together(one(number) for number in numbers)


async def _together(reads: Iterable[Coroutine[Any, Any, Page]]) -> list[Page]:
    """If one fails, the others are cancelled and awaited: none may outlive the client it uses."""
    tasks = [asyncio.create_task(read) for read in reads]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def key_of(record: Record) -> str | None:
    """The id as text, the same for 7, "7" and 7.0; None for a record without one."""
    number = _id(record)
    if number is not None:
        return str(number)
    return None if record.get("id") is None else str(record["id"])


def _merge(pages: Iterable[Page]) -> Merged:
    """Records by id, the latest version of each; a record without an id is kept under its page and index."""
    return {
        key if (key := key_of(record)) is not None else (page.number, index): record
        for page in pages
        for index, record in enumerate(page.records)
    }
