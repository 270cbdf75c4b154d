"""Defects of what an API says. Each takes a view and gives another; documents and ads are copied before a change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from math import ceil
from typing import Any
from zlib import crc32

from drill.defects import ADS, API, Defect, Kind
from drill.lives import city_of
from drill.served import Document, View, scaled, times
from sandbox.world import Ad
from sandbox.world.cities import CITIES
from sandbox.world.clock import moscow_day
from sandbox.world.spend import AdDay

_NEW_IDS = 50_000
_NEW_AD_IDS = 50_000_000
Edit = Callable[[Defect, Document], list[Document]]
Change = Callable[[Defect, AdDay], list[AdDay]]


def aimed(one: Defect, view: View) -> Defect:
    """The defect with the event, campaign or so that it is about: that of a row of yesterday. Large ones more often."""
    day, rng = str(moscow_day(view.now) - timedelta(days=1)), one.draw("value")
    if one.source == "qtickets":
        sold = [order for order in view.orders if _day(order) == day] or view.orders[-1:]
        value = _words(rng.choice(sold)).get(one.thing) if sold else None
        return replace(one, value=value)
    ads = [row.ad for row in view.rows if str(row.day) == day and row.ad.source == one.source]
    return replace(one, value=_ad_words(rng.choice(ads)).get(one.thing) if ads else None)


def _words(order: Document) -> dict[str, Any]:
    utm = order["utm"][0] if isinstance(order["utm"], list) and order["utm"] else order["utm"] or {}
    return {
        "all": None,
        "event": order["event_id"],
        "city": city_of(order["event_id"]).name,
        "order source": utm.get("utm_source", ""),
    }


def _ad_words(ad: Ad) -> dict[str, Any]:
    return {"all": None, "campaign": ad.campaign_id, "city": ad.city}


def _day(order: Document) -> str:
    """The Moscow day on which it is booked."""
    return str((order["payed_at"] or order["created_at"])[:10])


def _chance(one: Defect, number: object) -> bool:
    return crc32(f"{one.seed} {number}".encode()) % 10_000 < one.size * 10_000


def _orders(edit: Edit, *, any_day: bool = False) -> Callable[[Defect, View], View]:
    def bend(one: Defect, view: View) -> View:
        first, last = (str(date.min), str(date.max)) if any_day else (str(one.since), str(one.until))
        found: list[Document] = []
        for order in view.orders:
            wanted = first <= _day(order) <= last and _words(order)[one.thing] == one.value
            found += edit(one, order) if wanted and _chance(one, order["id"]) else [order]
        return replace(view, orders=sorted(found, key=lambda order: int(order["id"])))

    return bend


def _baskets(order: Document, change: Callable[[Document], Document], *, price_follows: bool) -> Document:
    changed = order | {"baskets": [basket | change(basket) for basket in order["baskets"]]}
    if price_follows:
        changed["price"] = sum(basket["price"] * basket["quantity"] for basket in changed["baskets"])
    return changed


def _twice(_one: Defect, order: Document) -> list[Document]:
    baskets = [basket | {"id": basket["id"] + _NEW_IDS * 10} for basket in order["baskets"]]
    return [order, order | {"id": order["id"] + _NEW_IDS, "baskets": baskets}]


def _stale(one: Defect, order: Document) -> list[Document]:
    hour = one.draw("hour").randint(9, 20)
    return [] if int((order["payed_at"] or order["created_at"])[11:13]) >= hour else [order]


def _priced(by: Callable[[Defect], float]) -> Edit:
    def edit(one: Defect, order: Document) -> list[Document]:
        factor = by(one)
        price = {"price_follows": not one.are_totals_right}
        return [_baskets(order, lambda basket: {"price": round(basket["price"] * factor, 2)}, **price)]

    return edit


def _factor(one: Defect) -> float:
    rng = one.draw("factor")
    return rng.choice((rng.uniform(0, 0.9), rng.uniform(1.1, 3), 0.0))


def _fewer_tickets(one: Defect, order: Document) -> list[Document]:
    left = order | {"baskets": order["baskets"][:1]}
    return [_baskets(left, lambda _: {}, price_follows=not one.are_totals_right)]


def _more_tickets(one: Defect, order: Document) -> list[Document]:
    more = {"price_follows": not one.are_totals_right}
    return [_baskets(order, lambda basket: {"quantity": basket["quantity"] * 2}, **more)]


def _refunded(_one: Defect, order: Document) -> list[Document]:
    def back(basket: Document) -> Document:
        whole = basket["price"] * basket["quantity"]
        return {"refunded_at": order["payed_at"], "refunded_amount": whole, "refunded_deduction_amount": 0}

    return [_baskets(order, back, price_follows=False)] if order["payed_at"] else [order]


def _not_refunded(_one: Defect, order: Document) -> list[Document]:
    none = dict.fromkeys(("refunded_at", "refunded_amount", "refunded_deduction_amount"))
    return [_baskets(order, lambda basket: none if basket["refunded_at"] else {}, price_follows=False)]


def _spelled(one: Defect, order: Document) -> list[Document]:
    utm = order["utm"][0] if isinstance(order["utm"], list) and order["utm"] else order["utm"]
    return [order | {"utm": utm | {"utm_source": f"{utm.get('utm_source', '')}{one.draw('word').choice(('-new', '2', '.ru'))}"}}] if utm else [order]  # fmt: skip


def _events(change: Callable[[Defect, Document], Document | None]) -> Callable[[Defect, View], View]:
    def bend(one: Defect, view: View) -> View:
        events = [change(one, event) if event["id"] == one.value else event for event in view.events]
        return replace(view, events=[event for event in events if event])

    return bend


def _other_city(one: Defect, event: Document) -> Document:
    city = one.draw("city").choice([city for city in CITIES if city.name != event["city"]["name"]])
    return event | {"city": {"id": city.id, "name": city.name, "timezone": city.timezone}}


def _rows(change: Change) -> Callable[[Defect, View], View]:
    def bend(one: Defect, view: View) -> View:
        ids = _ads(one, view)
        rows: list[AdDay] = []
        for row in view.rows:
            wanted = row.ad.ad_id in ids and one.since <= row.day <= one.until
            rows += change(one, row) if wanted else [row]
        extra = {row.ad.ad_id: row.ad for row in rows if row.ad.ad_id in {one + _NEW_AD_IDS for one in ids}}
        world = replace(view.world, ads=[*view.world.ads, *extra.values()])
        return replace(view, world=world, rows=rows, totals=view.totals if one.are_totals_right else rows)

    return bend


def _ads(one: Defect, view: View) -> set[int]:
    """So many of the ads of the thing that ran lately, in an order of the defect's own."""
    lately = moscow_day(view.now) - timedelta(days=10)
    rows = [row for row in view.rows if row.day >= min(lately, one.since) and row.ad.source == one.source]
    ids = {row.ad.ad_id for row in rows if _ad_words(row.ad)[one.thing] == one.value}
    ordered = sorted(ids, key=lambda number: crc32(f"{one.seed} {number}".encode()))
    return set(ordered[: ceil(len(ordered) * one.size)])


def _spent(by: Callable[[Defect], float]) -> Change:
    return lambda one, row: [replace(row, spent=times(row.spent, by(one)))]


def _twin(_one: Defect, row: AdDay) -> list[AdDay]:
    return [row, replace(row, ad=replace(row.ad, ad_id=row.ad.ad_id + _NEW_AD_IDS))]


def _links(change: Callable[[Defect, Ad, str], str]) -> Callable[[Defect, View], View]:
    """Links and parameters of the ads as they are now, so of all days that are read."""

    def bend(one: Defect, view: View) -> View:
        ids, names = _ads(one, view), ("link", "group_parameters", "campaign_parameters")

        def changed(ad: Ad) -> Ad:
            held = {name: text for name in names if (text := getattr(ad, name))}
            return replace(ad, **{name: change(one, ad, text) for name, text in held.items()})

        ads = [changed(ad) if ad.ad_id in ids else ad for ad in view.world.ads]
        return replace(view, world=replace(view.world, ads=ads))

    return bend


def _without_tags(_one: Defect, _ad: Ad, text: str) -> str:
    return text.partition("?")[0] if "?" in text else "" if "utm_" in text else text


def _other_tags(one: Defect, ad: Ad, text: str) -> str:
    codes = {city.name: city.code for city in CITIES}
    return text.replace(f"{codes[ad.city]}_", f"{one.draw('city').choice([*codes.values()])}_")


def _gone(one: Defect, view: View) -> View:
    """The ads are no longer listed, with all of their days."""
    ids = _ads(one, view)
    rows = [row for row in view.rows if row.ad.ad_id not in ids]
    world = replace(view.world, ads=[ad for ad in view.world.ads if ad.ad_id not in ids])
    return replace(view, world=world, rows=rows, totals=view.totals if one.are_totals_right else rows)


def _currency(one: Defect, view: View) -> View:
    return replace(view, currencies=view.currencies | {one.source: one.draw("currency").choice(("USD", "KZT"))})


def _spend_factor(one: Defect) -> float:
    rng = one.draw("factor")
    return rng.choice((1.2, 1 / 1.2, 100.0, 1e-6, 0.0, rng.uniform(0.2, 0.9), rng.uniform(1.3, 4)))


_Q = ("qtickets",)
SENT_KINDS = [
    Kind("orders left out", API, _Q, bend=_orders(lambda _one, _order: [])),
    Kind("orders twice under new ids", API, _Q, bend=_orders(_twice)),
    Kind("the day ends early", API, _Q, bend=_orders(_stale)),
    Kind("prices in kopecks", API, _Q, by_totals=True, bend=_orders(_priced(lambda _: 100))),
    Kind("prices times a factor", API, _Q, by_totals=True, bend=_orders(_priced(_factor))),
    Kind("fewer tickets an order", API, _Q, by_totals=True, bend=_orders(_fewer_tickets)),
    Kind("more tickets an order", API, _Q, by_totals=True, bend=_orders(_more_tickets)),
    Kind("another currency", API, _Q, bend=_orders(lambda _, order: [order | {"currency_id": "KZT"}])),
    Kind("tags of orders lost", API, _Q, bend=_orders(lambda _, order: [order | {"utm": []}])),
    Kind("utm_source spelled anew", API, _Q, bend=_orders(_spelled)),
    Kind("refunds flood in", API, _Q, bend=_orders(_refunded, any_day=True)),
    Kind("refunds vanish", API, _Q, bend=_orders(_not_refunded, any_day=True)),
    Kind("old orders vanish", API, _Q, bend=_orders(lambda _one, _order: []), is_old=True),
    Kind("old prices change", API, _Q, by_totals=True, bend=_orders(_priced(_factor)), is_old=True),
    Kind("values that are rejected", API, _Q, exact=True,
         bend=_orders(lambda _, order: [_baskets(order, lambda _: {"price": "oops"}, price_follows=False)])),
    Kind("an event in another city", API, _Q, bend=_events(_other_city), things=("event",)),
    Kind("an event is not listed", API, _Q, bend=_events(lambda _one, _event: None), things=("event",)),
    Kind("ad days left out", API, ADS, by_totals=True, bend=_rows(lambda _one, _row: [])),
    Kind("ads not listed", API, ADS, by_totals=True, bend=_gone),
    Kind("ad days twice under new ids", API, ADS, by_totals=True, bend=_rows(_twin)),
    Kind("ad days end early", API, ADS, by_totals=True, bend=_rows(lambda one, row: [scaled(row, one.draw("hour").uniform(0.3, 0.9))])),
    Kind("spend times a factor", API, ADS, by_totals=True, bend=_rows(_spent(_spend_factor))),
    Kind("no clicks", API, ADS, by_totals=True, bend=_rows(lambda _, row: [replace(row, clicks=0, conversions=0)])),
    Kind("no conversions", API, ADS, bend=_rows(lambda _, row: [replace(row, conversions=0)])),
    Kind("the account in another currency", API, ADS, bend=_currency),
    Kind("tags of ads lost", API, ADS, bend=_links(_without_tags)),
    Kind("tags of another city", API, ADS, bend=_links(_other_tags)),
    Kind("old ad days change", API, ADS, by_totals=True, bend=_rows(_spent(_spend_factor)), is_old=True),
]  # fmt: skip
