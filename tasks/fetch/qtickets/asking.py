"""The first page of a listing: a question is put more plainly where the server cannot process it or loses fields.

Knows what an answer must hold; which pages are read is decided in `reading.py`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from tasks.errors import SourceError
from tasks.fetch.qtickets.listing import Client, Listing, Page, Record
from tasks.fetch.qtickets.rows import baskets_of, parts_of
from tasks.fetch.qtickets.values import is_true, money

logger = logging.getLogger("zakaz.fetch")


async def first_page(listing: Listing) -> tuple[Listing, Page]:
    """The first page, and the listing to go on with: a plainer one where the server could not process the question.

    It can do without fields to select, an order and a size of pages. Raises SourceError as for the question itself.
    """
    try:
        return listing, await listing.page(1)
    except SourceError as error:
        plain = listing.plain()
        may_help = isinstance(listing.client, Client) and listing.client.refused_question
        if plain == listing or not may_help:
            raise
        logger.warning("QTickets refused GET /%s; asking without select, orderBy and perPage", listing.path)
        try:
            return plain, await plain.page(1)
        except SourceError:
            raise error from None


async def first_with_select(
    listing: Listing, select: tuple[str, ...], lost: Callable[[list[Record]], bool]
) -> tuple[Listing, Page]:
    """The listing and its first page, asked without `select` where that made the server leave out a field that was
    asked for, or what `lost` looks for."""
    chosen, page = await first_page(replace(listing, select=select))
    if not chosen.select or not (lost(page.records) or _left_out(page.records, select)):
        return chosen, page
    logger.warning("QTickets left out fields of /%s that it was asked to select; asking for all", listing.path)
    chosen, whole_page = await first_page(chosen.without_select())
    if page.total and not whole_page.total:
        raise contradiction(f"{page.total} records of /{listing.path}", "none")
    return chosen, whole_page


def _left_out(records: list[Record], select: tuple[str, ...]) -> list[str]:
    """The fields that no record has. One within a list is looked for only where some list holds anything."""
    lost = []
    for path in select:
        name, _, inner = path.partition(".")
        holders = records if not inner else [part for record in records for part in parts_of(record.get(name))]
        if holders and not any((inner or name) in holder for holder in holders):
            lost.append(path)
    return lost


def without_tickets(orders: list[Record]) -> bool:
    """Whether an order was paid for and holds no ticket. Free ones may have none."""
    return any(
        is_true(order.get("payed")) and money(order.get("price")) != 0 and not baskets_of(order) for order in orders
    )


def without_cities(events: list[Record]) -> bool:
    return not any(event.get("city") for event in events)


def contradiction(first: str, then: str) -> SourceError:
    return SourceError(
        f"QTickets said that it has {first}, and a moment later {then}. Nothing was loaded; the next run reads it "
        "again.",
        transient=True,
    )
