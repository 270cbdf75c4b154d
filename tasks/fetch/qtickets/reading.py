"""Which pages of a listing to read, and the proof that nothing is missing from what was read.

`read_all` is for a listing that the server has filtered; `walk` finds the records of a span of time where it
has not, without reading the rest. Both merge by id and begin again when the pages moved under them, and neither
believes a listing that lost much of itself while it was read.
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
from tasks.fetch.qtickets.asking import first_page
from tasks.fetch.qtickets.listing import Listing, Page, Record
from tasks.fetch.qtickets.values import whole

logger = logging.getLogger("zakaz.fetch")

PASSES = 3
"""How often a listing is read anew because orders came or went while it was read."""
_AT_ONCE = 4
_AHEAD = 4 * _AT_ONCE
"""Pages that are read before the first of them is looked at."""
# Orders of one page that must lie before a span: one with an odd date must not end the walk early.
_ENOUGH_BEFORE = 3
_SMALL_SHARE = 20
"""Orders are removed one by one: more than a twentieth of a listing does not go between two readings."""

Merged = dict[Any, Record]


@dataclass(frozen=True)
class Span:
    """Orders created from `start` on and before `end`."""

    start: datetime
    end: datetime


async def read_all(listing: Listing, first: Page | None = None) -> list[Record]:
    """Every record of the listing; their number is the `total` the API itself gives.

    Raises SourceError when the two still differ after PASSES readings, and where the total fell by much: a server
    that answers with nothing for a moment gives pages that fit each other.
    """
    highest, before = 0, None
    said = ""
    for _ in range(PASSES):
        if first is None:
            listing, first = await first_page(listing)
        pages = await _reading(listing, first)
        total, merged = first.total, _merge(pages)
        highest = max(highest, *(page.total for page in pages))
        is_whole = len(merged) == total and all(_belongs(page, first) for page in pages)
        if is_whole and (total == highest or (merged.keys() == before and not fell(total, highest))):
            return list(merged.values())
        before = merged.keys() if is_whole else None
        said = (
            f"said that /{listing.path} has {highest} records, and a moment later {total}"
            if is_whole
            else f"says that /{listing.path} has {total} records but sent {len(merged)} different ones, "
            f"{PASSES} times in a row"
        )
        logger.warning("QTickets: /%s moved while it was read (%d of %d); again", listing.path, len(merged), total)
        first = None
    raise SourceError(f"QTickets {said}. Nothing was loaded.", transient=True)


def fell(total: int, highest: int) -> bool:
    """Whether a total that was `highest` lost more than orders that are removed while a listing is read."""
    return highest - total > max(1, highest // _SMALL_SHARE) or (highest > 0 and not total)


async def _reading(listing: Listing, first: Page) -> list[Page]:
    """All pages, or as many as show that the listing does not hold what it says."""
    _check(listing, first.pages, first.total)
    pages = [first]
    rest = range(2, first.pages + 1)
    for start in range(0, len(rest), _AHEAD):
        if not all(_belongs(page, first) for page in pages):
            break
        pages += await _pages(listing, rest[start : start + _AHEAD])
    return pages


def _check(listing: Listing, pages: int, records: int) -> None:
    paging.check("QTickets", f"records of /{listing.path}", pages=pages, records=records)


def _belongs(page: Page, first: Page) -> bool:
    return page.is_whole and (page.total, page.per_page) == (first.total, first.per_page)


async def walk(listing: Listing, span: Span, created_at: Callable[[Record], datetime | None]) -> list[Record]:
    """The records of `span` and a few around it, from a listing ordered by id, which grows with creation.

    Goes from the newest record back and stops on the span's start; pages newer than its end are skipped by
    bisection. Works whether or not the server obeys the order asked for. Raises SourceError like `read_all`.
    """
    highest = 0
    for _ in range(PASSES):
        listing, first = await first_page(listing)
        walker = _Walker(listing, span, created_at, {1: first})
        records = await walker.run(first)
        if records is not None and not fell(first.total, highest):
            return records
        highest = max(highest, *(page.total for page in walker.seen.values()))
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

    async def run(self, first: Page) -> list[Record] | None:
        """None where rows vanished from the listing meanwhile: the next page may have slipped past."""
        order = await self._newest_to_oldest(first)
        position = low = await self._first_at_or_before_end(order)
        size = 1  # most walks end on the first page; only long ones are worth reading ahead
        while position < len(order):
            batch = order[position : position + size]
            await _together(self._page(number) for number in batch)
            pages = [self.seen[number] for number in batch]
            position, size = position + len(batch), min(_AT_ONCE, size * 2)
            if any(self._reaches_start(page) or not page.is_whole for page in pages):
                break
        read = [self.seen[number] for number in order[low:position]]
        return None if self._slipped(first, read) else list(_merge(self.seen.values()).values())

    async def _page(self, number: int) -> Page:
        if number not in self.seen:
            self.seen[number] = page = await self.listing.page(number)
            _check(self.listing, len(self.seen), len(self.seen) * len(page.records))
        return self.seen[number]

    async def _newest_to_oldest(self, first: Page) -> range:
        """The numbers of all pages. A first page with one record does not show the order: the last one does."""
        ids = _ids(first)
        if first.pages > 1 and len(set(ids)) == 1:
            ids += _ids(await self._page(first.pages))
        is_ascending = bool(ids) and ids[0] < ids[-1]
        return range(first.pages, 0, -1) if is_ascending else range(1, first.pages + 1)

    async def _first_at_or_before_end(self, order: Sequence[int]) -> int:
        """The position of the newest page that holds something created before the span's end."""
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
        """Whether the oldest of the page's records, by their ids, were created before the span."""
        oldest = sorted((record for record in page.records if _id(record) is not None), key=_id_or_zero)
        times = self._times(oldest[:_ENOUGH_BEFORE])
        return bool(times) and all(time < self.span.start for time in times)

    def _times(self, records: Sequence[Record]) -> list[datetime]:
        return [time for record in records if (time := self.created_at(record)) is not None]

    def _slipped(self, first: Page, read: Sequence[Page]) -> bool:
        """Whether a record may have passed from a page not yet read to one that had been, or a page came twice."""
        seen = list(self.seen.values())
        growth = max(page.total for page in seen) - first.total
        twice = sum(len(page.records) for page in seen) - len(_merge(seen))
        return (
            twice > growth
            or any(page.total < first.total or page.per_page != first.per_page for page in seen)
            or not all(page.is_whole for page in seen)
            # Pages are read side by side: an older one that was read before a record came in front of both.
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
    """Where one fails the others are stopped and waited for: none may outlive the client it uses."""
    tasks = [asyncio.create_task(read) for read in reads]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def key_of(record: Record) -> str | None:
    """One for all the forms in which an id comes; None for a record without one."""
    number = _id(record)
    if number is not None:
        return str(number)
    return None if record.get("id") is None else str(record["id"])


def _merge(pages: Iterable[Page]) -> Merged:
    """By id, the newest version last; a record without an id keeps a place of its own, to be judged later."""
    return {
        key if (key := key_of(record)) is not None else (page.number, index): record
        for page in pages
        for index, record in enumerate(page.records)
    }
