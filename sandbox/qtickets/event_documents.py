"""Events of the world as documents of ``GET /events``: every key, in the captured order."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sandbox.qtickets.wire import Document, money, when
from sandbox.world import Event, Price, Show

_TICKET = {"id": 35, "is_active": 1, "name": "Билет"}
_MAIL_TEMPLATE = {"id": 31, "is_active": 1, "name": "Письмо"}
_EVERY_MODIFIER = 5


def event_document(event: Event) -> Document:
    return {
        "id": event.id,
        "is_active": int(event.is_active),
        "name": event.name,
        "scheme_id": 11700 + event.id % 100,
        "currency_id": event.currency,
        "place_name": event.venue,
        "place_address": event.address,
        "place_description": "",
        "city_id": event.city.id,
        "description": event.description,
        "site_url": "http://example.invalid/",
        "external_id": None,
        "ticket_id": _TICKET["id"],
        "mail_template_id": _MAIL_TEMPLATE["id"],
        "age": event.age,
        "shows": [_show(show) for show in event.shows],
        "payments": _payments(event),
        "poster": {
            "id": 80000 + event.id,
            "content_type": "image/jpeg",
            "file_size": 91449,
            "url": f"https://qtickets.example.invalid/storage/{event.id}.jpg",
        },
        "event_type_id": 11,
        "city": {"id": event.city.id, "name": event.city.name, "timezone": event.city.timezone},
        "ticket": dict(_TICKET),
        "mail_template": dict(_MAIL_TEMPLATE),
        "slug": f"event-{event.id}",
        "place_coordinates": [event.city.latitude, event.city.longitude],
        "url": f"https://{event.city.code}.qtickets.example.invalid/{event.id}-event",
        "created_at": when(event.created_at),
        "updated_at": when(event.updated_at),
        "deleted_at": when(event.deleted_at),
    }


def _payments(event: Event) -> list[Document]:
    """The payee can be a person. ``is_active`` is a bool here and an int everywhere else."""
    if event.payee is None:
        return []
    agreement = "https://example.invalid/legal"
    return [{"id": 12000, "is_active": True, "name": event.payee, "handler": "payanyway", "agree_url": agreement}]


def _show(show: Show) -> Document:
    prices = [_price(price) for price in show.prices]
    by_amount = sorted(prices, key=lambda price: float(price["default_price"]))
    return {
        "id": show.id,
        "name": "",
        "is_active": int(show.is_active),
        "sale_start_date": None,
        "sale_finish_date": when(show.finishes_at - timedelta(minutes=5)),
        "open_date": when(show.opens_at),
        "start_date": when(show.starts_at),
        "finish_date": when(show.finishes_at),
        "scheme_properties": _scheme(show),
        "prices": prices,
        "min_price": by_amount[0] if show.shows_prices and prices else None,
        "max_price": by_amount[-1] if show.shows_prices and prices else None,
        "created_at": when(show.created_at),
        "updated_at": when(show.updated_at),
        "deleted_at": when(show.deleted_at),
    }


def _price(price: Price) -> Document:
    modifiers = [_last_day_price(price)] if price.id % _EVERY_MODIFIER == 0 else []
    return {
        "id": price.id,
        "default_price": money(price.amount),
        "color_theme": price.color_theme,
        "modifiers": modifiers,
    }


def _last_day_price(price: Price) -> Document:
    return {
        "type": "sales_count",
        "value": str(money(price.amount * 2)),
        "active_from": "",
        "active_to": "",
        "sales_count_value": "1000000",
    }


def _scheme(show: Show) -> Document:
    """Leaves are strings; ``rows`` is a list or an object and ``seats`` may be missing, as PHP leaves it."""
    scheme: Document = {"zones": {price.zone: _zone(price) for price in show.prices}}
    if show.scheme_seats:
        scheme = {"admin": {"zones": {}}, **scheme, "seats": _scheme_seats(show)}
    return scheme


def _zone(price: Price) -> Document:
    rows: Any = [""] if price.admission else {"1": {"disabled": "0", "price_id": str(price.id)}}
    price_id = str(price.id) if price.admission else ""
    return {"disabled": "0", "price_id": price_id, "label": "", "spread": {"enabled": ""}, "rows": rows}


def _scheme_seats(show: Show) -> Document:
    price = show.prices[-1]
    return {
        f"{price.zone}-{number // 40 + 1};{number % 40 + 1}": {
            "price_id": str(price.id),
            "disabled": "0",
            "max_quantity": "",
            "hot": "",
            "show_free_quantity": "",
            "spread": {"users": ["1"], "enabled": "1"},
        }
        for number in range(show.scheme_seats)
    }
