"""What nobody knows about QTickets until a live account was asked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from tasks.fetch.http import Query
from tasks.fetch.qtickets import api_of
from tasks.fetch.qtickets.listing import Client, Condition, Form, Listing, Page, Record, brackets
from tasks.fetch.qtickets.prices import price_is_for
from tasks.fetch.qtickets.rows import ORDER_SELECT, baskets_of, parts_of
from tasks.fetch.qtickets.values import is_true, moment, money, whole
from tasks.settings import Settings
from tasks.unknowns.asking import Calls, Reply
from tasks.unknowns.question import Facts, Interview, Judged, declared
from tasks.unknowns.watch import Read, Watch
from tasks.window import MOSCOW

_FORMS = ("body", "query")
_DATES: Mapping[str, Callable[[datetime], str]] = {
    "iso": lambda at: at.isoformat(timespec="seconds"),
    "sql": lambda at: f"{at:%Y-%m-%d %H:%M:%S}",
}
_SLACK = timedelta(hours=3)
_LARGE_PAGE = 500
_OLD_PAGES = 4
_SELECT = ("id", "payed", "baskets.id")
_PAST_SHOWS = 2


class Orders:
    """One organizer."""

    def __init__(self, client: Client, calls: Calls) -> None:
        self._client, self._calls = client, calls

    def _listing(self, path: str, size: int | None, form: str, **more: Any) -> Listing:
        return Listing(self._client, path, size, form=Form(form), ordered=False, **more)

    async def plain(self, page: int) -> Reply[Page]:
        """Of all orders: the page number in the query alone, which works either way."""
        listing = self._listing("orders", None, "query")
        return await self._calls.once(("plain", page), lambda: listing.page(page))

    async def since(self) -> tuple[Page, datetime] | None:
        """The first page of all orders, and a time of payment before which and after which there are some."""
        first = (await self.plain(1)).value
        if first is None:
            return None
        last = (await self.plain(max(1, first.total // first.per_page))).value
        paid = sorted(filter(None, map(_paid_at, [*first.records, *(last.records if last else ())])))
        middle = paid[len(paid) * 3 // 4].astimezone(MOSCOW) if paid else None
        return (first, middle) if middle and paid[0] < middle - _SLACK else None

    async def filtered(self, form: str, dates: str) -> bool | None:
        """Whether a filter from that time on left out what was paid before; None where that cannot be told."""
        if (found := await self.since()) is None:
            return None
        everything, at = found
        where = (Condition("payed_at", ">=", _DATES[dates](at)),)
        listing = self._listing("orders", 20, form, where=where)
        page = (await self._calls.once(("filtered", form, dates), lambda: listing.page(1))).value
        if page is None or not page.records:
            return False
        told = [_paid_at(record) for record in page.records]
        return page.total < everything.total and all(one is not None and one >= at - _SLACK for one in told)

    async def form(self) -> str:
        """The form in which parameters work: the body unless only the query does."""
        works = [form for form in _FORMS for dates in _DATES if await self.filtered(form, dates)]
        return works[0] if works else "body"

    async def selected(self) -> Reply[Page]:
        listing = self._listing("orders", 5, await self.form(), select=_SELECT)
        return await self._calls.once("selected", lambda: listing.page(1))

    async def large_page(self) -> Reply[Page]:
        """The oldest orders, without what is personal where `select` works."""
        return await self._old(1, _LARGE_PAGE)

    async def old(self) -> list[Record]:
        """Of several pages where a large one does not come."""
        large = (await self.large_page()).value
        size = _LARGE_PAGE if large else None
        pages = [large] if large else []
        while len(pages) < _OLD_PAGES and (not pages or len(pages) < pages[0].pages):
            page = (await self._old(len(pages) + 1, size)).value
            if page is None:
                break
            pages.append(page)
        return [record for page in pages for record in page.records]

    async def _old(self, number: int, size: int | None) -> Reply[Page]:
        reply = (await self.selected()).value
        select = ORDER_SELECT if reply and _answer_to_select(_names_of(reply)) == "nested" else ()
        listing = self._listing("orders", size, await self.form(), select=select)
        return await self._calls.once(("old", number, size), lambda: listing.page(number))

    async def past_shows(self) -> list[int]:
        page = (await self.selected()).value
        is_lost = page is not None and _answer_to_select(_names_of(page)) == "lost"
        select = () if is_lost else ("id", "shows.id", "shows.start_date")
        listing = self._listing("events", 10, await self.form(), select=select)
        events = (await self._calls.once("events", lambda: listing.page(1))).value
        shows = [show for event in (events.records if events else ()) for show in parts_of(event.get("shows"))]
        past = [show for show in shows if (at := moment(show.get("start_date"))) and at < datetime.now(UTC)]
        return [number for show in past[:_PAST_SHOWS] if (number := whole(show.get("id")))]

    async def seats(self, show: int) -> Reply[Any]:
        query = Query(brackets({"flat": 1, "select": ["id", "max_quantity", "free_quantity", "payed_quantity"]}))
        return await self._calls.once(("seats", show), lambda: self._client.get(f"shows/{show}/seats", query=query))


@asynccontextmanager
async def _opened(settings: Settings, watch: Watch) -> AsyncIterator[Orders]:
    async with Client(api_of(settings), settings) as client:
        yield Orders(client, Calls(watch))


def _paid_at(order: Record) -> datetime | None:
    return moment(order.get("payed_at"))


async def _ask_filters(orders: Orders) -> Facts:
    return {f"{form} {dates}": await orders.filtered(form, dates) for form in _FORMS for dates in _DATES}


def _judge_form(facts: Facts) -> Judged | None:
    if None in facts.values():
        return None
    works = [form for form in _FORMS if any(facts[f"{form} {dates}"] for dates in _DATES)]
    return Judged("both" if len(works) > 1 else works[0] if works else "neither")


def _judge_dates(facts: Facts) -> Judged | None:
    works = [dates for dates in _DATES if any(facts[f"{form} {dates}"] for form in _FORMS)]
    return Judged("both" if len(works) > 1 else works[0]) if works else None


async def _ask_page(orders: Orders) -> Facts:
    usual, large = await orders.plain(1), await orders.large_page()
    if usual.value is None:
        return {}
    return {
        "usual": usual.value.per_page,
        "got": large.value.per_page if large.value else 0,
        "status": large.status,
    }


def _judge_page(facts: Facts) -> Judged | None:
    if not facts or (not facts["got"] and facts["status"] not in (400, 422, 503)):
        return None
    if not facts["got"]:
        return Judged("refused")
    if facts["got"] == facts["usual"]:
        return Judged("ignored")
    return Judged("given" if facts["got"] == _LARGE_PAGE else "cut")


async def _ask_select(orders: Orders) -> Facts:
    usual, page = (await orders.plain(1)).value, (await orders.selected()).value
    has_tickets = usual is not None and any(baskets_of(order) for order in usual.records)
    return _names_of(page) if page and page.records and has_tickets else {}


def _names_of(page: Page) -> Facts:
    names = {name for order in page.records for name in order}
    inner = {name for order in page.records for basket in baskets_of(order) for name in basket}
    return {"order": len(names), "others": bool(names - {"id", "payed", "baskets"}), "basket": len(inner)}


def _answer_to_select(facts: Facts) -> str:
    if facts["others"]:
        return "ignored"
    return {0: "lost", 1: "nested"}.get(facts["basket"], "whole")


def _judge_select(facts: Facts) -> Judged | None:
    return Judged(_answer_to_select(facts)) if facts else None


async def _ask_refunds(orders: Orders) -> Facts:
    """Of paid orders with a ticket that was given back: how many cost as much as all tickets, or only as the rest;
    how many tickets were deleted, how many orders paid for after the refund."""
    facts = {"all": 0, "rest": 0, "deleted": 0, "kept": 0, "moved": 0}
    for order in await orders.old():
        baskets = baskets_of(order)
        back = [basket for basket in baskets if moment(basket.get("refunded_at"))]
        if not (is_true(order.get("payed")) or order.get("payed_at")) or not back:
            continue
        price, whole_sum = money(order.get("price")), _sum(baskets)
        rest = _sum([basket for basket in baskets if basket not in back])
        facts["all"] += price == whole_sum != rest
        facts["rest"] += price == rest != whole_sum
        facts["deleted"] += sum(bool(basket.get("deleted_at")) for basket in back)
        facts["kept"] += sum("deleted_at" in basket and not basket["deleted_at"] for basket in back)
        paid = _paid_at(order)
        facts["moved"] += any(paid is None or paid >= refund for b in back if (refund := moment(b["refunded_at"])))
    return facts


def _sum(baskets: list[Record]) -> Any:
    """With prices a unit or a line, which only matters where the quantity is not one."""
    return sum((money(b.get("price")) or 0) * (whole(b.get("quantity")) or 1) for b in baskets)


def _judge_price(facts: Facts) -> Judged | None:
    if facts["all"] == facts["rest"]:
        return None
    return Judged("kept" if facts["all"] > facts["rest"] else "reduced")


def _judge_dates_of_refunds(facts: Facts) -> Judged | None:
    if facts["moved"]:
        return Judged("moved")
    if facts["deleted"] == facts["kept"]:
        return None
    return Judged("kept" if facts["kept"] > facts["deleted"] else "deleted")


async def _ask_quantity(orders: Orders) -> Facts:
    units = []
    for order in await orders.old():
        baskets = baskets_of(order)
        several = any((whole(b.get("quantity")) or 1) > 1 and money(b.get("price")) for b in baskets)
        if several and not any(b.get("refunded_at") or b.get("deleted_at") for b in baskets):
            units.append(price_is_for(order, baskets))
    return {unit: units.count(unit) for unit in ("unit", "line")}


def _judge_quantity(facts: Facts) -> Judged | None:
    best = max(facts, key=lambda unit: facts[unit])
    return Judged(best) if facts[best] > sum(facts.values()) / 2 else None


async def _ask_seats(orders: Orders) -> Facts:
    replies = [await orders.seats(show) for show in await orders.past_shows()]
    told = [bool(one.value.get("data")) for one in replies if isinstance(one.value, dict) and "data" in one.value]
    refused = sum(one.value is None and one.status in (400, 403, 404, 410, 422, 503) for one in replies)
    return {"told": sum(told), "empty": len(told) - sum(told), "refused": refused}


def _judge_seats(facts: Facts) -> Judged | None:
    return next((Judged(answer) for answer in ("told", "empty", "refused") if facts[answer]), None)


QUESTIONS = (
    declared("qtickets_filter", _ask_filters, _judge_form),
    declared("qtickets_date_format", _ask_filters, _judge_dates),
    declared("qtickets_select", _ask_select, _judge_select),
    declared("qtickets_page_size", _ask_page, _judge_page),
    declared("qtickets_refund_price", _ask_refunds, _judge_price),
    declared("qtickets_refund_dates", _ask_refunds, _judge_dates_of_refunds),
    declared("qtickets_quantity", _ask_quantity, _judge_quantity),
    declared("qtickets_past_show", _ask_seats, _judge_seats),
)

INTERVIEW = Interview(
    "qtickets",
    (
        Read("orders", "GET", "/orders"),
        Read("events", "GET", "/events"),
        Read("seats of a show", "GET", r"/shows/\d+/seats"),
    ),
    _opened,
    QUESTIONS,
)
