"""From a QTickets record to raw rows: what is let through, in which shape, and what is masked."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.fetch.qtickets.rows import (
    EVENT_COLUMNS,
    ORDER_COLUMNS,
    ORDER_SELECT,
    event_rows,
    order_rows,
    seen_columns,
)

TAGS = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")
# No @ and no +, and too short to be a number of a person.
PLAIN = st.text(alphabet="abcdefяжё0123456789_- .|{}", max_size=12)
TAG_SETS = st.dictionaries(st.sampled_from((*TAGS, "gclid", "yclid")), PLAIN, max_size=7)


def order(**more: Any) -> dict[str, Any]:
    return {"id": 1, "payed": True, "utm": [], "baskets": [{"id": 10, "price": 490}], **more}


def tags_of(utm: Any) -> dict[str, str | None]:
    (row,) = order_rows(order(utm=utm))
    return {name: row[name] for name in TAGS}


@given(TAG_SETS)
def test_tags_mean_the_same_as_an_object_and_as_a_list_of_objects(tags: dict[str, str]) -> None:
    wanted = {name: tags.get(name) for name in TAGS}

    assert tags_of(tags) == wanted
    assert tags_of([tags]) == wanted
    assert tags_of([{name: text} for name, text in tags.items()]) == wanted


@pytest.mark.parametrize(
    "utm",
    [
        {"utm_source": "vk", "amp;utm_campaign": "osen", "amp;utm_content": "msk_01_10"},
        "utm_source=vk&amp;utm_campaign=osen&utm_content=msk_01_10",
        '{"utm_source": "vk", "utm_campaign": "osen", "utm_content": ["msk_01_10"]}',
        [{"name": "UTM_source", "value": "vk"}, ["utm_campaign", "osen"], "utm_content=msk_01_10"],
    ],
)
def test_tags_are_read_in_shapes_that_a_site_sends(utm: Any) -> None:
    assert tags_of(utm) == dict.fromkeys(TAGS) | {
        "utm_source": "vk",
        "utm_campaign": "osen",
        "utm_content": "msk_01_10",
    }


def test_a_person_is_masked_in_every_shape() -> None:
    hidden = "utm_content=post_tgid_123456789&utm_term=ivan%40mail.example.ru&utm_source=%2B7999\u200b1234567"

    assert tags_of(hidden) == dict.fromkeys(TAGS) | {
        "utm_content": "post_tgid_*",
        "utm_term": "*",
        "utm_source": "+*",
    }
    assert tags_of([["utm_content", ["tgid_123456789"]]])["utm_content"] == "tgid_*"


@pytest.mark.parametrize("utm", [[], {}, "", None, [[]], ["vk"], 0, False])
def test_no_tags_in_any_shape_are_nulls(utm: Any) -> None:
    assert tags_of(utm) == dict.fromkeys(TAGS)


@pytest.mark.parametrize(
    ("tag", "kept"),
    [
        ("tgid_123456789", "tgid_*"),
        ("post_tgid_123456789_x", "post_tgid_*_x"),
        ("бот|tgid_123456789", "бот|tgid_*"),
        ("rpm_123456", "rpm_123456"),
        ("post-tgid_123456789-x", "post-tgid_*-x"),
        ("PM_99887766", "PM_*"),
        ("vkid_55555", "vkid_*"),
        ("mail ivan.petrov+x@mail.example.ru now", "mail * now"),
        ("call +79991234567", "call *"),
        ("pm_1", "pm_1"),
        ("10766679619", "10766679619"),
        ("msk_01_10", "msk_01_10"),
    ],
)
def test_ids_and_addresses_of_persons_in_a_tag_are_masked(tag: str, kept: str) -> None:
    assert tags_of({"utm_content": tag})["utm_content"] == kept


@given(
    st.dictionaries(
        st.sampled_from(["client_email", "barcode", "price", "deleted_at", "custom", "event_id", "name", "phone"]),
        st.text(max_size=9),
    )
)
def test_only_listed_fields_pass_whatever_an_order_holds(extra: dict[str, str]) -> None:
    record = extra | order()

    (row,) = order_rows(record)

    assert set(row) <= set(ORDER_COLUMNS)
    assert {row[column] for column in row} <= {None, "1", "true", "10", "490", "unit"} | _listed(extra)


def _listed(record: dict[str, str]) -> set[str]:
    names = {"payed_at", "created_at", "deleted_at", "event_id", "price", "currency_id"}
    return {value for name, value in record.items() if name in names}


def test_nothing_personal_is_ever_asked_for() -> None:
    """The names of what gives away a person or opens a door, as the API calls it."""
    personal = (
        "client", "email", "phone", "name", "surname", "middlename", "card", "barcode", "series", "url", "uniqid",
        "comment", "custom", "fields", "inn", "kpp", "position", "roistat", "user",
    )  # fmt: skip

    assert [path for path in ORDER_SELECT if any(word in path for word in personal)] == []


def test_each_basket_gives_a_row_with_the_fields_of_its_order() -> None:
    rows = order_rows(order(event_id=7, baskets=[{"id": 10, "price": 490}, {"id": 11, "price": "0.5"}]))

    assert [(row["order_id"], row["event_id"], row["ticket_id"], row["price"]) for row in rows] == [
        ("1", "7", "10", "490"),
        ("1", "7", "11", "0.5"),
    ]


def test_baskets_as_an_object_with_gaps_are_a_list() -> None:
    """What PHP makes of a list from which an element was removed."""
    rows = order_rows(order(baskets={"0": {"id": 10}, "2": {"id": 12}}))

    assert [row["ticket_id"] for row in rows] == ["10", "12"]


def test_a_paid_order_without_tickets_is_not_lost_but_left_to_be_judged() -> None:
    (row,) = order_rows(order(baskets=[]))

    assert (row["order_id"], row.get("ticket_id")) == ("1", None)


def test_an_unpaid_order_without_tickets_is_nothing() -> None:
    assert order_rows(order(payed=False, baskets=[])) == []


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (1, "1"),
        ("490.10", "490.10"),
        (None, None),
        ({"a": ["я"]}, '{"a": ["я"]}'),
    ],
)
def test_values_become_text_without_a_change(value: Any, text: str | None) -> None:
    (row,) = order_rows(order(price=value))

    assert row["order_price"] == text


def test_a_field_that_no_record_has_is_no_column_and_one_that_is_null_is() -> None:
    rows = order_rows(order(event_id=None))

    assert "event_id" in seen_columns(rows, ORDER_COLUMNS)
    assert "currency" not in seen_columns(rows, ORDER_COLUMNS)
    assert seen_columns([], ORDER_COLUMNS) == ORDER_COLUMNS


def test_an_event_gives_a_row_of_its_own_and_one_for_each_show() -> None:
    event = {"id": 7, "name": "Щелкунчик", "city": {"name": "Томск", "timezone": "Asia/Tomsk"}, "payments": [{}]}

    assert [row.get("show_id") for row in event_rows(event | {"shows": []})] == [None]
    rows = event_rows(event | {"shows": [{"id": 1, "name": "x"}, {"id": 2, "prices": []}]})
    assert [row.get("show_id") for row in rows] == [None, "1", "2"]
    assert {row["city"] for row in rows} == {"Томск"}
    assert {key for row in rows for key in row} <= set(EVENT_COLUMNS)


@pytest.mark.parametrize("city", [None, [], ""])
def test_an_event_without_a_city_is_still_an_event(city: Any) -> None:
    assert event_rows({"id": 7, "city": city, "shows": []})[0]["event_id"] == "7"
