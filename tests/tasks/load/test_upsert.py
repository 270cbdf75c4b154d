"""Upsert brings a scope to what the source says: new, changed, moved, vanished and rejected rows, and repeats."""

from __future__ import annotations

from datetime import date

from clickhouse_connect.driver.client import Client

from flows.qtickets import EVENTS, TICKETS
from tasks.load.tables import Scope
from tasks.load.upsert import Upserted, upsert
from tasks.window import Window
from tests.tasks.load.engines import values
from tests.tasks.load.events import event, event_frame
from tests.tasks.load.tickets import ids, load, march, refunded, stored, ticket, utc, written


def test_what_is_loaded_is_what_is_stored(client: Client) -> None:
    paid, reserved, returned = ticket(1), ticket(2, paid=None), refunded(3, back="450.50", amount="500.50")

    result = load(client, [paid, reserved, returned], version=1)

    assert result == Upserted(new=3)
    assert stored(client) == [written(paid), written(reserved), written(returned)]


def test_the_same_window_twice_writes_nothing(client: Client) -> None:
    tickets = [ticket(1), ticket(2, paid=None), refunded(3, back="10")]
    load(client, tickets, version=1)

    assert load(client, tickets, version=2) == Upserted(unchanged=3)
    assert values(client, f"SELECT count(), max(_ver) FROM {TICKETS.name}") == [(3, 1)]


def test_only_the_changed_row_is_written(client: Client) -> None:
    load(client, [ticket(1), ticket(2), ticket(3)], version=1)

    result = load(client, [ticket(1), refunded(2, back="500"), ticket(3)], version=2)

    assert result == Upserted(changed=1, unchanged=2)
    assert stored(client) == [written(ticket(1)), written(refunded(2, back="500")), written(ticket(3))]
    assert values(client, f"SELECT ticket_id, _ver FROM {TICKETS.name} FINAL ORDER BY ticket_id") == [
        (1, 1),
        (2, 2),
        (3, 1),
    ]


def test_a_value_that_becomes_null_and_comes_back_is_a_change_each_time(client: Client) -> None:
    paid, unpaid = ticket(1), ticket(1, paid=None)
    load(client, [paid], version=1)

    assert load(client, [unpaid], version=2) == Upserted(changed=1)
    assert load(client, [unpaid], version=3) == Upserted(unchanged=1)
    assert load(client, [paid], version=4) == Upserted(changed=1)
    assert stored(client) == [written(paid)]


def test_a_row_that_vanished_from_the_source_leaves_the_table(client: Client) -> None:
    load(client, [ticket(1), ticket(2), ticket(3)], version=1)

    assert load(client, [ticket(1), ticket(3)], version=2) == Upserted(removed=1, unchanged=2)
    assert ids(client) == ids(client, final=False) == [1, 3]


def test_rows_of_different_runs_vanish_together(client: Client) -> None:
    for version in range(1, 5):
        load(client, [ticket(n) for n in range(1, version + 1)], version)

    assert load(client, [ticket(3)], version=5) == Upserted(removed=3, unchanged=1)
    assert ids(client) == ids(client, final=False) == [3]


def test_an_empty_answer_empties_the_scope_and_nothing_else(client: Client) -> None:
    load(client, [ticket(1, paid="2026-03-10T12:00"), ticket(2, paid="2026-03-12T12:00")], version=1)

    assert load(client, [], version=2, scope=march(10, 11)) == Upserted(removed=1)
    assert ids(client) == [2]


def test_the_scope_is_of_moscow_days(client: Client) -> None:
    """23:59:59 of the 9th and 0:00 of the 11th are outside of the 10th; Moscow is three hours ahead of UTC."""
    outside = [ticket(1, paid="2026-03-09T20:59:59"), ticket(4, paid="2026-03-10T21:00:00")]
    inside = [ticket(2, paid="2026-03-09T21:00:00"), ticket(3, paid="2026-03-10T20:59:59")]
    load(client, outside + inside, version=1)

    assert load(client, [], version=2, scope=march(10, 10)) == Upserted(removed=2)
    assert ids(client) == [1, 4]


def test_what_was_booked_after_the_source_was_read_is_not_taken_for_vanished(client: Client) -> None:
    """A run that read at 11:00 does not know of 11:00 and later, which another run has loaded."""
    load(client, [ticket(1, paid="2026-03-10T10:59:59"), ticket(2, paid="2026-03-10T11:00")], version=1)
    window = Window(first=date(2026, 3, 10), last=date(2026, 3, 10))

    load(client, [], version=2, scope=TICKETS.scope(window, as_of=utc("2026-03-10T11:00")))

    assert ids(client) == [2]


def test_a_reservation_that_is_paid_on_a_later_day_moves_there(client: Client) -> None:
    load(client, [ticket(1, paid=None)], version=1, scope=march(10, 10))

    moved = ticket(1, paid="2026-03-14T09:00")
    assert load(client, [moved], version=2, scope=march(14, 14)) == Upserted(new=1)
    assert stored(client) == [written(moved)]
    assert load(client, [], version=3, scope=march(10, 10)) == Upserted()
    assert stored(client) == [written(moved)]


def test_a_row_removed_and_loaded_again_the_same_is_there_again(client: Client) -> None:
    for version in range(1, 8, 2):
        assert load(client, [ticket(1), ticket(2)], version=version).written == (2 if version == 1 else 1)
        assert load(client, [ticket(2)], version=version + 1) == Upserted(removed=1, unchanged=1)
    load(client, [ticket(1), ticket(2)], version=9)

    assert stored(client) == [written(ticket(1)), written(ticket(2))]


def test_rows_removed_and_loaded_again_survive_a_server_that_drops_repeated_inserts(client: Client) -> None:
    """As every replicated table does: the block is the same to the byte, which looks like a repeat of the first."""
    client.command(f"ALTER TABLE {TICKETS.name} MODIFY SETTING non_replicated_deduplication_window = 100")
    load(client, [ticket(1), ticket(2)], version=1)
    load(client, [], version=1)

    assert load(client, [ticket(1), ticket(2)], version=1) == Upserted(new=2)
    assert ids(client) == [1, 2]


def test_a_ticket_whose_time_of_order_is_put_right_is_counted_once(client: Client) -> None:
    """Its new version is in another monthly partition, where no merge brings the two together."""
    load(client, [ticket(1, ordered_at=utc("2026-02-28T20:00"))], version=1)

    right = ticket(1, ordered_at=utc("2026-03-01T20:00"))
    assert load(client, [right], version=2) == Upserted(changed=1)
    assert load(client, [right], version=3) == Upserted(unchanged=1)
    assert stored(client) == [written(right)]


def test_a_rejected_row_keeps_its_last_good_version(client: Client) -> None:
    load(client, [ticket(1), ticket(2), ticket(3)], version=1)

    result = load(client, [ticket(3)], version=2, rejected=(2, 99))

    assert result == Upserted(removed=1, unchanged=1, kept=1)
    assert stored(client) == [written(ticket(2)), written(ticket(3))]


def test_a_row_rejected_at_first_is_new_when_it_is_good(client: Client) -> None:
    load(client, [ticket(1)], version=1, rejected=(2,))

    assert load(client, [ticket(1), ticket(2)], version=2) == Upserted(new=1, unchanged=1)


def test_a_table_that_keeps_vanished_rows_keeps_them(client: Client) -> None:
    upsert(client, EVENTS, event_frame(event(1), event(2)), Scope(), 1)

    assert upsert(client, EVENTS, event_frame(event(2)), Scope(), 2) == Upserted(unchanged=1, kept=1)
    assert values(client, "SELECT event_id FROM dim_events FINAL ORDER BY event_id") == [(1,), (2,)]
