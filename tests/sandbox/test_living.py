"""A world in which time goes on: whatever was seen stays, and changes only as the vendors' data do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sandbox.vk.objects import Figures
from sandbox.world.clock import moscow_day
from sandbox.world.spend import CONVERSIONS_SETTLED_AFTER_DAYS
from tests.sandbox.stage import DAYS, START, Document, Stage

# Over midnight, and then over the end of the year and the season, for more than the days that there were.
MOVES = [timedelta(seconds=1), timedelta(minutes=29), timedelta(minutes=2), timedelta(hours=7), timedelta(days=1)]
MOVES += [timedelta(days=2, hours=5)] * 6
# What may become of an order and its lines; all else is as it was at the first sight, these instants too once told.
_INSTANTS = {"payed_at", "deleted_at", "checked_at", "refunded_at"}
_HAPPENS = {"payed", "payment_card_number", "reserved_to", "reserve_extended", "updated_at", "refunds"} | _INSTANTS
# A line that is cancelled unpaid was never a ticket: it loses what only tickets have.
_NO_TICKET = {"barcode", "ticket_amount", "pdf_url", "passbook_url"}
_HAPPENS_TO_LINES = {"updated_at", "refunded_amount", "refunded_deduction_amount", "refunds"} | _INSTANTS


def test_what_is_shown_is_the_world_of_that_moment_with_the_first_day_that_it_had():
    stage, now = Stage.of(), START
    for move in MOVES:
        now += move
        stage.living.move_to(now)
    assert moscow_day(now) - moscow_day(START) > timedelta(days=DAYS * 3)
    afresh = Stage.of(now, DAYS + (moscow_day(now) - moscow_day(START)).days)
    assert stage.held() == afresh.held()


def test_an_order_once_seen_never_vanishes_and_changes_only_as_orders_do():
    stage, now = Stage.of(), START
    seen = {order["id"]: order for order in stage.qtickets.orders}
    events = {event["id"] for event in stage.qtickets.events}
    happened: set[str] = set()
    for move in MOVES:
        now += move
        stage.living.move_to(now)
        held = {order["id"]: order for order in stage.qtickets.orders}
        assert seen.keys() <= held.keys()
        for order_id, was in seen.items():
            became = held[order_id]
            lasts(was, became, _HAPPENS | {"baskets"})
            for line, line_became in zip(was["baskets"], became["baskets"], strict=True):
                cancelled = not became["payed"] and line_became["deleted_at"]
                lasts(line, line_became, _HAPPENS_TO_LINES | (_NO_TICKET if cancelled else set()))
            happened |= {name for name, value in was.items() if value != became[name]}
        assert events <= {event["id"] for event in stage.qtickets.events}
        seen, events = held, {event["id"] for event in stage.qtickets.events}
    assert happened >= {"payed", "deleted_at", "refunds"}, "or nothing was there to be seen"


def lasts(was: Document, became: Document, happens: set[str]) -> None:
    told = {name for name in _INSTANTS if was.get(name)}
    for name in was.keys() - happens | told:
        assert was[name] == became[name], name


def test_spend_goes_on_and_what_is_settled_never_changes():
    stage, now = Stage.of(), START
    settled_after = max(CONVERSIONS_SETTLED_AFTER_DAYS.values())
    first = moscow_day(START) - timedelta(days=DAYS - 1)
    before = spend(stage)
    for move in MOVES:
        today = moscow_day(now)
        now += move
        stage.living.move_to(now)
        after = spend(stage)
        assert min(day for _, day in after) == first, "the first day stays"
        old = {key: row for key, row in before.items() if (today - key[1]).days >= settled_after}
        assert old == {key: after[key] for key in old}
        assert before.keys() <= after.keys()
        assert after != before or move < timedelta(minutes=1)
        before = after
    assert old


def spend(stage: Stage) -> dict[tuple[int, Any], Any]:
    vk = stage.vk.cabinet.days
    found: dict[tuple[int, Any], Any] = {(ad, day): row for ad, days in vk.items() for day, row in days.items()}
    return found | {
        (row.ad.ad_id, row.day): Figures(row.impressions, row.clicks, row.spent, row.conversions)
        for row in stage.direct.rows
    }


def test_a_clock_that_is_set_back_does_not_turn_the_world_back():
    stage = Stage.of()
    before = stage.held()
    for moment in (START - timedelta(hours=2), START):
        stage.living.move_to(moment)
        assert (stage.held(), stage.living.until) == (before, START)
