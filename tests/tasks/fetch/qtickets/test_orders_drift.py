"""Orders come and go while their pages are read: no row is lost or doubled, or the fetch fails."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from sandbox import QticketsApi, Switches
from tasks.errors import SourceError
from tasks.fetch.qtickets import fetch_orders
from tasks.settings import Settings
from tasks.window import Window
from tests.tasks.fetch.qtickets.many_orders import evenly, order
from tests.tasks.fetch.qtickets.truth import by_ticket, ids_of_documents

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
FIRST, LAST = date(2026, 6, 1), date(2026, 7, 1)
WINDOW = Window(first=FIRST, last=LAST)
SettingsFor = Callable[..., Settings]
PAGE = 50


def orders_of_a_month(**switches: Any) -> QticketsApi:
    """Nine hundred orders up to NOW: 15 pages of paid ones, 4 of the others."""
    step = timedelta(minutes=50)
    return QticketsApi(evenly(900, NOW - 900 * step, step), [], Switches(**switches))


@pytest.mark.parametrize("switches", [{}, {"honour_filters": False}], ids=["filtered", "walked"])
@pytest.mark.parametrize("mode", ["insert", "remove"])
@pytest.mark.parametrize("after", [0, 1, 2, 3, 5, 8])
def test_pages_that_shift_under_the_reader_lose_and_double_nothing(
    settings_for: SettingsFor,
    switches: dict[str, Any],
    mode: str,
    after: int,
) -> None:
    api = orders_of_a_month(**switches)
    fault = api.faults.add("drift", mode=mode, after=after)

    fetched = fetch_orders(settings_for(api, qtickets_page_size=PAGE), WINDOW, NOW)

    assert fault.fired == 1
    got = set(by_ticket(fetched.rows))
    left = ids_of_documents(api.orders, FIRST, LAST, NOW)
    # The order that came or went may have done so after its page was read; no other may be touched.
    assert len(got ^ left) <= 1
    assert got <= left if mode == "insert" else left <= got


def test_an_order_that_slips_out_between_two_pages_takes_no_other_with_it(settings_for: SettingsFor) -> None:
    """Its successors move up by one, the first of page 2 to the end of page 1, which has been read."""
    api = orders_of_a_month()
    api.faults.add("drift", mode="remove", after=1)

    fetched = fetch_orders(settings_for(api, qtickets_page_size=PAGE), WINDOW, NOW)

    assert set(by_ticket(fetched.rows)) == ids_of_documents(api.orders, FIRST, LAST, NOW)


@pytest.mark.parametrize("switches", [{}, {"honour_filters": False}], ids=["filtered", "walked"])
def test_an_order_paid_during_the_read_disturbs_no_other(
    settings_for: SettingsFor, switches: dict[str, Any]
) -> None:
    """It is booked after the instant of the load and left to the next one."""
    api = orders_of_a_month(**switches)

    def pay(orders: list[dict[str, Any]]) -> None:
        unpaid = [o for o in orders if not o["payed"] and not o["deleted_at"]]
        unpaid[-1] |= {"payed": True, "payed_at": "2026-07-01T15:00:05+03:00"}

    paying = api.faults.mutate(pay, after=9)

    fetched = fetch_orders(settings_for(api, qtickets_page_size=PAGE), WINDOW, NOW)

    assert paying.fired == 1
    assert ids_of_documents(api.orders, FIRST, LAST, NOW) <= set(by_ticket(fetched.rows))


def test_a_total_that_never_fits_fails_the_fetch(settings_for: SettingsFor) -> None:
    api = orders_of_a_month()
    api.faults.add("wrong_total", times=999, by=1)

    with pytest.raises(SourceError, match=r"has \d+ records but sent \d+ different ones") as caught:
        fetch_orders(settings_for(api, qtickets_page_size=PAGE), WINDOW, NOW)

    assert caught.value.transient
    assert len(api.requests) <= 3 * 15


def test_a_total_that_is_wrong_once_is_read_again(settings_for: SettingsFor) -> None:
    api = orders_of_a_month()
    api.faults.add("wrong_total", by=3)

    fetched = fetch_orders(settings_for(api, qtickets_page_size=PAGE), WINDOW, NOW)

    assert set(by_ticket(fetched.rows)) == ids_of_documents(api.orders, FIRST, LAST, NOW)


def test_a_list_that_never_holds_still_fails_the_fetch(settings_for: SettingsFor) -> None:
    api = orders_of_a_month()
    api.faults.add("drift", mode="remove", times=999)

    with pytest.raises(SourceError) as caught:
        fetch_orders(settings_for(api, qtickets_page_size=PAGE), WINDOW, NOW)

    assert caught.value.transient


@pytest.mark.parametrize("position", [0, 1, 60, 99])
def test_one_order_with_an_odd_date_does_not_end_the_walk(settings_for: SettingsFor, position: int) -> None:
    """An order restored or carried over with its old date must not hide all that are older than itself."""
    orders = [order(100 + n, NOW.replace(hour=n % 12, day=1, month=6), None) for n in range(450)]
    newest_first = orders[::-1]
    newest_first[position] |= {"created_at": "2019-01-01T00:00:00+03:00"}
    api = QticketsApi(orders, [])
    api.switches.honour_filters = False

    fetched = fetch_orders(settings_for(api), Window(first=date(2026, 6, 1), last=date(2026, 6, 1)), NOW)

    assert len(fetched.rows) == 449


@pytest.mark.parametrize("switches", [{}, {"honour_filters": False}], ids=["filtered", "walked"])
@pytest.mark.parametrize("after", [6, 7, 9])
def test_a_page_that_is_shorter_than_its_own_figures_is_read_again_and_then_an_error(
    settings_for: SettingsFor, switches: dict[str, Any], after: int
) -> None:
    """Nothing moved and the total fits, but the page is empty: what it should hold must not be missed silently."""
    body = json.dumps({"data": [], "paging": {"perPage": PAGE, "total": 900 if switches else 720}})
    once, always = orders_of_a_month(**switches), orders_of_a_month(**switches)
    once.faults.add("status", status=200, body=body, after=after)
    always.faults.add("status", status=200, body=body, after=after, times=999)

    fetched = fetch_orders(settings_for(once, qtickets_page_size=PAGE), WINDOW, NOW)

    assert set(by_ticket(fetched.rows)) == ids_of_documents(once.orders, FIRST, LAST, NOW)
    with pytest.raises(SourceError):
        fetch_orders(settings_for(always, qtickets_page_size=PAGE), WINDOW, NOW)
