"""Reads the first page of a listing, with fewer parameters where the server refuses them or leaves out fields.

`reading.py` decides which other pages are read.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from tasks.errors import SourceError
from tasks.fetch.qtickets.listing import Client, Listing, Page, Record
from tasks.fetch.qtickets.rows import baskets_of, parts_of
from tasks.fetch.qtickets.values import is_true, money
from tasks.translation import numbered

logger = logging.getLogger("zakaz.fetch")


async def first_page(listing: Listing) -> tuple[Listing, Page]:
    """The first page, and the listing to read on with: without select, orderBy and perPage if these were refused.

    Raises the SourceError of the first try.
    """
    try:
        return listing, await listing.page(1)
    except SourceError as error:
        plain = listing.plain()
        may_help = isinstance(listing.client, Client) and listing.client.refused_parameters
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
    """The listing and its first page; without `select` if the server left out a selected field, or if `lost` is
    true of the records."""
    chosen, page = await first_page(replace(listing, select=select))
    if not chosen.select or not (lost(page.records) or _left_out(page.records, select)):
        return chosen, page
    logger.warning("QTickets left out fields of /%s that it was asked to select; asking for all", listing.path)
    chosen, whole_page = await first_page(chosen.without_select())
    if page.total and not whole_page.total:
        raise contradiction(f"{numbered(page.total, 'record')} of /{listing.path}", "none")
    return chosen, whole_page


def _left_out(records: list[Record], select: tuple[str, ...]) -> list[str]:
    """The selected fields that no record has. A nested field is missing only if some list is not empty."""
    missing = []
    for path in select:
        name, _, inner = path.partition(".")
        holders = records if not inner else [part for record in records for part in parts_of(record.get(name))]
        if holders and not any((inner or name) in holder for holder in holders):
            missing.append(path)
    return missing


def without_tickets(orders: list[Record]) -> bool:
    """Whether some paid order has no tickets. Free orders may have none."""
    return any(
        is_true(order.get("payed")) and money(order.get("price")) != 0 and not baskets_of(order) for order in orders
    )


def without_cities(events: list[Record]) -> bool:
    """Whether no event has a city."""
    return not any(event.get("city") for event in events)


def contradiction(first: str, then: str) -> SourceError:
    """The error of two replies that cannot both be true."""
    return SourceError(
        f"QTickets said that it has {first}, and a moment later {then}. Nothing was loaded; the next run reads it "
        "again.",
        transient=True,
    )
