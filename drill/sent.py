"""Defects of what an API says. Each takes a view and gives another; documents and ads are copied before a change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from math import ceil
from typing import Any
from zlib import crc32

from drill.defects import ADS, API, Bend, Defect, Kind
from drill.lives import city_of
from drill.served import Document, View, scaled, times
from sandbox.world import Ad
from sandbox.world.cities import CITIES
from sandbox.world.clock import moscow_day
from sandbox.world.spend import AdDay

_NEW_IDS, _NEW_AD_IDS = 50_000, 50_000_000
_LINKS = ("link", "group_parameters", "campaign_parameters")
Edit = Callable[[Defect, Document], Document | list[Document]]
Change = Callable[[Defect, AdDay], AdDay | list[AdDay]]


def aimed(one: Defect, view: View) -> Defect:
    """The defect with the event, campaign or so that it is about: that of a row of yesterday, so more often a large one."""
    day, rng = str(moscow_day(view.now) - timedelta(days=1)), one.draw("value")
    if one.source == "qtickets":
        rows = [_words(order) for order in view.orders if _day(order) == day]
    else:
        rows = [_ad_words(row.ad) for row in view.rows if str(row.day) == day and row.ad.source == one.source]
    return replace(one, value=rng.choice(rows)[one.thing] if rows else None)


def _words(order: Document) -> dict[str, Any]:
    event, source = order["event_id"], _utm(order).get("utm_source", "")
    return {"all": None, "event": event, "city": city_of(event).name, "order source": source}


def _ad_words(ad: Ad) -> dict[str, Any]:
    return {"all": None, "campaign": ad.campaign_id, "city": ad.city}


def _utm(order: Document) -> dict[str, str]:
    """PHP's empty object is a list, and now and then another one is within a list."""
    utm = order["utm"]
    return (utm[0] if utm else {}) if isinstance(utm, list) else utm


def _sold_at(order: Document) -> str:
    return str(order["payed_at"] or order["created_at"])


def _day(order: Document) -> str:
    """The Moscow day on which it is booked."""
    return _sold_at(order)[:10]


def _as_list(found: Any) -> list[Any]:
    return found if isinstance(found, list) else [found]


def _orders(edit: Edit, *, any_day: bool = False) -> Bend:
    """Each of the orders becomes none, one or several."""

    def bend(one: Defect, view: View) -> View:
        first, last = (str(date.min), str(date.max)) if any_day else (str(one.since), str(one.until))
        found: list[Document] = []
        for order in view.orders:
            is_one = first <= _day(order) <= last and _words(order)[one.thing] == one.value
            is_one = is_one and crc32(f"{one.seed} {order['id']}".encode()) % 10_000 < one.size * 10_000
            found += _as_list(edit(one, order)) if is_one else [order]
        return replace(view, orders=sorted(found, key=lambda order: int(order["id"])))

    return bend


def _tickets(change: Callable[[Defect, Document], Document], *, keeps_price: bool = False) -> Edit:
    """The order's own price follows, but where totals stay right."""

    def edit(one: Defect, order: Document) -> Document:
        changed = order | {"baskets": [basket | change(one, basket) for basket in order["baskets"]]}
        if not (keeps_price or one.are_totals_right):
            changed["price"] = sum(basket["price"] * basket["quantity"] for basket in changed["baskets"])
        return changed

    return edit


def _times(by: Callable[[Defect], float]) -> Edit:
    return _tickets(lambda one, basket: {"price": round(basket["price"] * by(one), 2)})


def _factor(one: Defect) -> float:
    rng = one.draw("factor")
    return rng.choice((rng.uniform(0, 0.9), rng.uniform(1.1, 3), 0.0))


def _twice(_one: Defect, order: Document) -> list[Document]:
    baskets = [basket | {"id": basket["id"] + _NEW_IDS * 10} for basket in order["baskets"]]
    return [order, order | {"id": order["id"] + _NEW_IDS, "baskets": baskets}]


def _until_some_hour(one: Defect, order: Document) -> list[Document]:
    return [] if int(_sold_at(order)[11:13]) >= one.draw("hour").randint(9, 20) else [order]


def _first_ticket(one: Defect, order: Document) -> Document:
    changed = _tickets(lambda _one, _basket: {})(one, order | {"baskets": order["baskets"][:1]})
    return changed if isinstance(changed, dict) else order


def _doubled(_one: Defect, basket: Document) -> Document:
    return {"quantity": basket["quantity"] * 2}


def _unreadable(_one: Defect, _basket: Document) -> Document:
    return {"price": "oops"}


def _refund(_one: Defect, basket: Document) -> Document:
    whole = basket["price"] * basket["quantity"]
    return {"refunded_at": basket["created_at"], "refunded_amount": whole, "refunded_deduction_amount": 0}


def _no_refund(_one: Defect, basket: Document) -> Document:
    nothing = dict.fromkeys(("refunded_at", "refunded_amount", "refunded_deduction_amount"))
    return nothing if basket["refunded_at"] else {}


def _spelled(one: Defect, order: Document) -> Document:
    utm, more = _utm(order), one.draw("word").choice(("-new", "2", ".ru"))
    return order | {"utm": utm | {"utm_source": f"{utm['utm_source']}{more}"}} if "utm_source" in utm else order


def _events(change: Callable[[Defect, Document], list[Document]]) -> Bend:
    def bend(one: Defect, view: View) -> View:
        events = [changed for event in view.events
                  for changed in (change(one, event) if event["id"] == one.value else [event])]  # fmt: skip
        return replace(view, events=events)

    return bend


def _other_city(one: Defect, event: Document) -> list[Document]:
    city = one.draw("city").choice([city for city in CITIES if city.name != event["city"]["name"]])
    return [event | {"city": {"id": city.id, "name": city.name, "timezone": city.timezone}}]


def _rows(change: Change) -> Bend:
    """Each of the ad days becomes none, one or several; ads that are new get their place in the account."""

    def bend(one: Defect, view: View) -> View:
        ids = _ads(one, view)
        rows: list[AdDay] = []
        for row in view.rows:
            is_one = row.ad.ad_id in ids and one.since <= row.day <= one.until
            rows += _as_list(change(one, row)) if is_one else [row]
        new = {row.ad.ad_id: row.ad for row in rows if row.ad.ad_id - _NEW_AD_IDS in ids}
        return _with(one, view, [*view.world.ads, *new.values()], rows)

    return bend


def _with(one: Defect, view: View, ads: list[Ad], rows: list[AdDay]) -> View:
    totals = view.totals if one.are_totals_right else rows
    return replace(view, world=replace(view.world, ads=ads), rows=rows, totals=totals)


def _ads(one: Defect, view: View) -> set[int]:
    """So many of the ads of the thing that ran lately, in an order of the defect's own."""
    since = min(moscow_day(view.now) - timedelta(days=10), one.since)
    ads = [row.ad for row in view.rows if row.day >= since and row.ad.source == one.source]
    ids = {ad.ad_id for ad in ads if _ad_words(ad)[one.thing] == one.value}
    ordered = sorted(ids, key=lambda number: crc32(f"{one.seed} {number}".encode()))
    return set(ordered[: ceil(len(ordered) * one.size)])


def _spend(one: Defect, row: AdDay) -> AdDay:
    rng = one.draw("factor")
    factor = rng.choice((1.2, 1 / 1.2, 100.0, 1e-6, 0.0, rng.uniform(0.2, 0.9), rng.uniform(1.3, 4)))
    return replace(row, spent=times(row.spent, factor))


def _unfinished(one: Defect, row: AdDay) -> AdDay:
    return scaled(row, one.draw("hour").uniform(0.3, 0.9))


def _twin(_one: Defect, row: AdDay) -> list[AdDay]:
    return [row, replace(row, ad=replace(row.ad, ad_id=row.ad.ad_id + _NEW_AD_IDS))]


def _gone(one: Defect, view: View) -> View:
    """The ads are no longer listed, with all of their days."""
    ids = _ads(one, view)
    rows = [row for row in view.rows if row.ad.ad_id not in ids]
    return _with(one, view, [ad for ad in view.world.ads if ad.ad_id not in ids], rows)


def _tags(change: Callable[[Defect, Ad, str], str]) -> Bend:
    """Links and parameters of the ads as they are now, so of all days that are read."""

    def bend(one: Defect, view: View) -> View:
        def changed(ad: Ad) -> Ad:
            return replace(ad, **{name: change(one, ad, text) for name in _LINKS if (text := getattr(ad, name))})

        ids = _ads(one, view)
        ads = [changed(ad) if ad.ad_id in ids else ad for ad in view.world.ads]
        return replace(view, world=replace(view.world, ads=ads))

    return bend


def _without(_one: Defect, _ad: Ad, text: str) -> str:
    return text.partition("?")[0] if "?" in text else "" if "utm_" in text else text


def _other_code(one: Defect, ad: Ad, text: str) -> str:
    codes = {city.name: city.code for city in CITIES}
    return text.replace(f"{codes.pop(ad.city)}_", f"{one.draw('city').choice([*codes.values()])}_")


def _currency(one: Defect, view: View) -> View:
    return replace(view, currencies=view.currencies | {one.source: one.draw("currency").choice(("USD", "KZT"))})


def _of_orders(name: str, bend: Bend, **more: Any) -> Kind:
    return Kind(name, API, ("qtickets",), bend=bend, **more)


def _of_ads(name: str, bend: Bend, **more: Any) -> Kind:
    return Kind(name, API, ADS, bend=bend, **more)


SENT_KINDS = [
    _of_orders("orders left out", _orders(lambda _one, _order: [])),
    _of_orders("orders twice under new ids", _orders(_twice)),
    _of_orders("the day ends early", _orders(_until_some_hour)),
    _of_orders("prices in kopecks", _orders(_times(lambda _: 100)), by_totals=True),
    _of_orders("prices times a factor", _orders(_times(_factor)), by_totals=True),
    _of_orders("fewer tickets an order", _orders(_first_ticket), by_totals=True),
    # At the price that the order had, twice the quantity reads as the price of a line: its sums fit.
    _of_orders("more tickets an order", _orders(_tickets(_doubled)), by_totals=True, fits_totals=True),
    _of_orders("orders in another currency", _orders(lambda _, order: order | {"currency_id": "KZT"})),
    _of_orders("tags of orders lost", _orders(lambda _, order: order | {"utm": []})),
    _of_orders("utm_source spelled anew", _orders(_spelled)),
    _of_orders("refunds flood in", _orders(_tickets(_refund, keeps_price=True), any_day=True)),
    _of_orders("refunds vanish", _orders(_tickets(_no_refund, keeps_price=True), any_day=True)),
    _of_orders("old orders vanish", _orders(lambda _one, _order: []), is_old=True),
    _of_orders("old prices change", _orders(_times(_factor)), by_totals=True, is_old=True),
    _of_orders("values that are rejected", _orders(_tickets(_unreadable, keeps_price=True)), exact=True),
    _of_orders("an event in another city", _events(_other_city), things=("event",)),
    _of_orders("an event is not listed", _events(lambda _one, _event: []), things=("event",)),
    _of_ads("ad days left out", _rows(lambda _one, _row: []), by_totals=True),
    _of_ads("ads not listed", _gone, by_totals=True),
    _of_ads("ad days twice under new ids", _rows(_twin), by_totals=True),
    _of_ads("ad days end early", _rows(_unfinished), by_totals=True),
    _of_ads("spend times a factor", _rows(_spend), by_totals=True),
    _of_ads("no clicks", _rows(lambda _, row: replace(row, clicks=0, conversions=0)), by_totals=True),
    _of_ads("no conversions", _rows(lambda _, row: replace(row, conversions=0))),
    _of_ads("ads in another currency", _currency, things=("all",)),
    _of_ads("tags of ads lost", _tags(_without)),
    _of_ads("tags of another city", _tags(_other_code)),
    _of_ads("old ad days change", _rows(_spend), by_totals=True, is_old=True),
]
