"""Sales figures straight from the sandbox's ground truth: loops over orders, nothing of the product.

The rules are those of the data's owner: a ticket counts on the Moscow day of payment; free and refunded ones
count, cancelled ones do not; money given back is booked on the day of the sale.
"""

from collections import defaultdict
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

from sandbox.world import Basket, Order, World
from sandbox.world.promo import promo_code_of

# Moscow has had one offset since October 2014; a fixed one keeps zone files out of this route.
_MOSCOW = timezone(timedelta(hours=3))
Key = tuple[date, int, str]
Figures = tuple[int, Decimal, Decimal]


def moscow_day(instant: datetime) -> date:
    return instant.astimezone(_MOSCOW).date()


def sales(world: World, first: date = date.min, last: date = date.max) -> dict[Key, Figures]:
    """(event_date, event_id, currency) -> (tickets_sold, revenue, refunds_amount)."""
    figures: dict[Key, list[int | Decimal]] = defaultdict(lambda: [0, Decimal(0), Decimal(0)])
    for order in world.orders:
        if order.payed_at is None or not first <= moscow_day(order.payed_at) <= last:
            continue
        for basket in order.baskets:
            if state(order, basket) in ("paid", "refunded"):
                row = figures[moscow_day(order.payed_at), order.event_id, order.currency]
                row[0] += basket.quantity
                row[1] += basket.price * basket.quantity
                row[2] += basket.refunded_amount or Decimal(0) if basket.refunded_at else Decimal(0)
    return {key: (int(n), Decimal(r), Decimal(b)) for key, (n, r, b) in figures.items()}


def discounts(world: World) -> dict[int, tuple[int, int, Decimal]]:
    """ticket_id -> promo code, discount, what its line would have cost more."""
    codes = {order.id: code.id for order in world.orders if (code := promo_code_of(order))}
    lines = ((order, line) for order in world.orders for line in order.baskets)
    less = {line.id: (order, (line.original_price - line.price) * line.quantity) for order, line in lines}
    return {number: (codes.get(of.id, 0), of.discount_id or 0, money) for number, (of, money) in less.items()}


def shows(world: World) -> dict[int, tuple[int, datetime, date, int]]:
    """show_id -> event, start, day in its city, whether it is on. Deleted ones too."""
    found = {}
    for event in world.events:
        for show in event.shows:
            day = show.starts_at.astimezone(ZoneInfo(event.city.timezone)).date()
            is_on = show.is_active and not show.deleted_at and not event.deleted_at
            found[show.id] = (event.id, show.starts_at, day, int(is_on))
    return found


def state(order: Order, basket: Basket) -> str:
    if order.payed_at and basket.refunded_at:
        return "refunded"
    if order.deleted_at or basket.deleted_at:
        return "cancelled"
    return "paid" if order.payed_at else "reserved"


def tickets(world: World, first: date = date.min, last: date = date.max) -> dict[int, tuple[str, Decimal, date]]:
    """ticket_id -> (state, what the line cost, Moscow day of payment or, while unpaid, of the order)."""
    found = {}
    for order in world.orders:
        day = moscow_day(order.payed_at or order.created_at)
        if first <= day <= last:
            for basket in order.baskets:
                found[basket.id] = (state(order, basket), basket.price * basket.quantity, day)
    return found
