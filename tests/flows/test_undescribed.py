"""Tickets of an event that nobody describes count in no city, and the run says so."""

from __future__ import annotations

from collections.abc import Callable

from flows.qtickets import SOURCE
from tasks import steps
from tasks.load.migrate import migrated
from tasks.settings import Settings
from tests.tasks.load.tickets import frame, ticket

TICKETS, EVENTS = SOURCE.outputs


def test_paid_tickets_of_unknown_events_are_counted_with_their_money(
    make_settings: Callable[..., Settings],
) -> None:
    settings = make_settings()
    with migrated(settings) as client:
        client.command("INSERT INTO dim_events (event_id, event_name, _ver) VALUES (7, 'Концерт', 1)")
    reserved = ticket(5, paid=None, event_id=9)
    tickets = frame(
        [ticket(1), ticket(2, event_id=8), ticket(3, event_id=8, amount="0"), ticket(4, event_id=9), reserved]
    )

    assert steps.undescribed(TICKETS, settings, tickets) == [
        "3 rows of stg_qtickets_tickets with 1000.00 of the money are of 2 that dim_events does not know"
    ]
    assert steps.undescribed(TICKETS, settings, tickets.head(1)) == []
    assert steps.undescribed(EVENTS, settings, tickets) == []
