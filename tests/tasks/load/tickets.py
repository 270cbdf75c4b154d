"""Tickets and events to load: what a test does not say about one is ordinary. And the table of tickets, read back as text."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
from clickhouse_connect.driver.client import Client

from tasks.load.tables import Scope
from tasks.load.upsert import Upserted, upsert
from tasks.sources.qtickets import TICKETS
from tasks.window import Window
from tests.tasks.load.engines import rows
from tests.validation.frames import TICKET, typed

SCHEMA = {name: kind for name, (kind, _) in TICKET.items()}

Ticket = dict[str, Any]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def ticket(
    ticket_id: int, *, paid: str | None = "2026-03-10T12:00", amount: str = "500.00", **given: Any
) -> Ticket:
    """Paid at noon (UTC) of 10 March 2026 for 500 roubles. `paid`: an instant in UTC, None for a reserved one."""
    money = Decimal(amount)
    ordinary = {name: value for name, (_, value) in TICKET.items()} | {
        **{"ticket_id": ticket_id, "order_id": 1000 + ticket_id, "event_id": 7, "show_id": 70},
        "state": "paid" if paid else "reserved", "ordered_at": utc("2026-03-10T11:55"),
        "paid_at": utc(paid) if paid else None, **{"price": money, "amount": money},
    }  # fmt: skip
    assert not given.keys() - ordinary.keys()
    return ordinary | given


def refunded(ticket_id: int, back: str, at: str = "2026-03-20T12:00", **given: Any) -> Ticket:
    return ticket(ticket_id, state="refunded", refunded_amount=Decimal(back), refunded_at=utc(at), **given)


def frame(tickets: list[Ticket]) -> pl.DataFrame:
    rows = pl.DataFrame(tickets, schema=SCHEMA, orient="row")
    return rows.with_columns(pl.coalesce("paid_at", "ordered_at").alias("booked_at"))


def days(first: date, last: date, account: str = "main") -> Scope:
    """All of the Moscow days `first` to `last`, both included."""
    return TICKETS.scope(account, Window(first=first, last=last), as_of=utc("2027-01-01T00:00"))


def march(first: int, last: int) -> Scope:
    return days(date(2026, 3, first), date(2026, 3, last))


def load(
    client: Client, tickets: list[Ticket], version: int, scope: Scope | None = None, rejected: tuple[int, ...] = ()
) -> Upserted:
    """Load the tickets as all there is in the scope, by default March."""
    protected = pl.DataFrame({"ticket_id": rejected}, schema={"ticket_id": pl.UInt64})
    return upsert(client, TICKETS, frame(tickets), scope or march(1, 31), version, [protected])


def written(ticket: Ticket) -> Ticket:
    """The ticket as the table answers in JSON."""
    return {name: _text(value) for name, value in ticket.items()}


def stored(client: Client, *, final: bool = True) -> list[Ticket]:
    """All tickets, by account and id. Without `final`, as a reader sees them who does not know of versions."""
    columns = ", ".join(SCHEMA)
    return rows(
        client, f"SELECT {columns} FROM {TICKETS.name} {'FINAL' if final else ''} ORDER BY account, ticket_id, _ver"
    )


def ids(client: Client, *, final: bool = True) -> list[int]:
    return [ticket["ticket_id"] for ticket in stored(client, final=final)]


def _text(value: Any) -> Any:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}.{value.microsecond // 1000:03}"
    return f"{value:.2f}" if isinstance(value, Decimal) else value


_INSTANT = pl.Datetime("ms", "UTC")
_EVENT: dict[str, tuple[Any, Any]] = {
    "account": (pl.String, "main"), "event_id": (pl.UInt64, 0), "event_name": (pl.String, "Лекция"),
    "city": (pl.String, "москва"), "venue": (pl.String, "Клуб"), "timezone": (pl.String, "Europe/Moscow"),
    "currency": (pl.String, "RUB"), "is_active": (pl.UInt8, 1),
    "first_show_at": (_INSTANT, utc("2026-04-01T16:00")), "last_show_at": (_INSTANT, None),
}  # fmt: skip


def event(event_id: int, name: str = "Лекция", city: str = "москва", **given: Any) -> dict[str, Any]:
    return {"event_id": event_id, "event_name": name, "city": city, **given}


def event_frame(*events: dict[str, Any]) -> pl.DataFrame:
    return typed(_EVENT, events)
