"""Whatever an order's lines look like, the order counts as far as it can be read; a status has one word everywhere."""

from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from tasks.fetch.beside import CAMPAIGN_COLUMNS
from tasks.transform.totals import campaigns, order_totals
from tests.validation.frames import RAW_ORDER, of_main, raw_orders
from validation import totals as must
from validation.split import split

PAID = RAW_ORDER | {"payed": "true", "payed_at": "2026-03-10T12:00:00+03:00", "quantity": "2", "price": "50"}
BACK = PAID | {"ticket_id": "2", "refunded_at": "2026-03-12T18:30:00+03:00", "refunded_amount": "80"}
GONE = PAID | {"ticket_id": "3", "ticket_deleted_at": "2026-03-11T09:00:00+03:00"}
TEXTS = ["", "many", "-1", "9" * 20, "9" * 15, "1e5", "true", "2026-02-30T00:00:00Z", "9999-12-31T00:00:00Z"]
ODD = st.none() | st.sampled_from(TEXTS)


def test_an_orders_price_is_a_sum_of_its_lines_or_odd() -> None:
    """Three lines of 100, one given back but for 20, one cancelled: all, without either, without what was given back."""
    fits = [(price, 0, 0) for price in ("300", "200", "120", "100", "220")]
    for price, odd, unpriced in (*fits, ("301", 1, 0), ("0", 1, 0), ("a hundred", 0, 1)):
        (row,) = order_totals(
            raw_orders(*(line | {"order_price": price} for line in (PAID, BACK, GONE)))
        ).to_dicts()
        assert (row["orders"], row["orders_odd"], row["orders_unpriced"], row["tickets"]) == (1, odd, unpriced, 4)
        assert (row["lines"], row["lines_refunded"], row["lines_cancelled"]) == (200, 100, 100)


@given(st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(PAID, ODD)), max_size=3))
def test_no_text_in_any_column_breaks_the_totals(changes: list[dict[str, Any]]) -> None:
    totals = of_main(order_totals(raw_orders(PAID, *(PAID | change for change in changes))))
    assert split(totals.select(must.order_totals.columns.keys()), must.order_totals).rejected.is_empty()
    assert totals["orders"].sum() >= 1
    assert totals["event_date"].dt.year().max() == 2026


def test_a_campaign_is_over_after_its_last_day_whatever_it_is_called() -> None:
    told = {
        "active": "active", "0": "paused", "2": "deleted", "ON DRAFT": "active", "ARCHIVED": "ended",
        "text of 7 characters": "unknown", None: "unknown",
    }  # fmt: skip
    for last, ended in (("2026-03-10", "2026-03-10"), ("2026-03-09", None), ("9999-12-31", ""), ("soon", "")):
        rows = [(str(n), None, status, None, last, "0", "2026-03-10") for n, status in enumerate(told)]
        raw = pl.DataFrame(rows, schema=dict.fromkeys(CAMPAIGN_COLUMNS, pl.String), orient="row")
        found = campaigns(raw, "direct")
        is_over = {"active": "ended", "paused": "ended"} if ended is None else {}
        assert found["status"].to_list() == [is_over.get(status, status) for status in told.values()]
        assert found["ends_on"].is_null().all() == (ended == "")
        assert found["budget_day"].is_null().all()
