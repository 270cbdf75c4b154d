"""The split of a frame: each row goes one of two ways, in order; a wrong frame goes no way at all."""

from __future__ import annotations

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from tests.validation.frames import raw_orders
from validation import qtickets as must
from validation.split import REASONS_SCHEMA, split

MOMENTS = st.sampled_from([None, "", "2025-06-01T12:23:40+03:00", "2025-06-01", "0000-00-00"])
NUMBERS = st.sampled_from([None, "1", "2", "3", "0", "-1", "x", "1.5"])
CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "ticket_id": NUMBERS,
        "order_id": NUMBERS,
        "price": st.sampled_from([None, "1", "-1", "0.01", "0.001", "", "1e9"]),
        "quantity": NUMBERS,
        "payed": st.sampled_from([None, "true", "false", "1", "yes"]),
        "payed_at": MOMENTS,
        "refunded_at": MOMENTS,
        "refunded_amount": st.sampled_from([None, "0", "441", "-1", "x"]),
        "currency": st.sampled_from([None, "RUB", "KZT", "rub"]),
        "utm_source": st.text(max_size=5) | st.none(),
    },
)


@settings(max_examples=30)
@given(st.lists(CHANGES, max_size=12))
def test_valid_and_rejected_rows_are_all_rows_each_once_in_order_and_for_a_reason(
    changes: list[dict[str, str | None]],
) -> None:
    """Both rows of a pair that claims one ticket included. What passed passes again."""
    frame = raw_orders(*changes).with_columns(pl.int_range(pl.len()).cast(pl.String).alias("utm_term"))

    parts = split(frame, must.raw_orders)

    assert parts.valid.columns == frame.columns
    assert parts.rejected.columns == [*frame.columns, *REASONS_SCHEMA]
    number = pl.col("utm_term").cast(pl.Int64)
    assert all(rows.select(number).to_series().is_sorted() for rows in (parts.valid, parts.rejected))
    together = pl.concat([parts.valid, parts.rejected.select(frame.columns)]).sort(number)
    as_it_came = [name for name, column in must.raw_orders.columns.items() if not any(column.metadata.values())]
    assert "utm_source" in as_it_came
    assert_frame_equal(together.select(as_it_came), frame.select(as_it_came))
    assert parts.rejected["reason"].str.len_chars().fill_null(0).min() in (None, *range(5, 2000))
    assert split(parts.valid, must.raw_orders).rejected.height == 0
