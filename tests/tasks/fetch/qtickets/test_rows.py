"""From a QTickets record to raw rows: what is let through, in which shape, and what is masked."""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import unquote

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


def letters(value: str) -> str:
    """A mask's letters, from the definition: 24 bits of BLAKE2b, four bits a letter from a to p."""
    return "".join(
        "abcdefghijklmnop"[int(digit, 16)] for digit in hashlib.blake2b(value.encode(), digest_size=3).hexdigest()
    )


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
        "utm_content": "post_tgid_~nnblhd",
        "utm_term": f"email~{letters('ivan@mail.example.ru')}",
        "utm_source": f"phone~{letters('79991234567')}",
    }
    assert tags_of([["utm_content", ["tgid_123456789"]]])["utm_content"] == "tgid_~nnblhd"


@pytest.mark.parametrize("utm", [[], {}, "", None, [[]], ["vk"], 0, False])
def test_no_tags_in_any_shape_are_nulls(utm: Any) -> None:
    assert tags_of(utm) == dict.fromkeys(TAGS)


@pytest.mark.parametrize(
    ("tag", "kept"),
    [
        ("tgid_123456789", "tgid_~nnblhd"),
        ("post_tgid_123456789_x", "post_tgid_~nnblhd_x"),
        ("бот|tgid_123456789", "бот|tgid_~nnblhd"),
        ("rpm_123456", "rpm_123456"),
        ("PM_123456789", "PM_~nnblhd"),
        ("79161234567", "79161234567"),
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
        st.text("0123456789", max_size=8),
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
    "value", ["490.10", "", " 490 ", "1e3", "4.995e2", "-0.01", ".5", "12,50 руб", "1 200,00", "Infinity", "9" * 60]
)
def test_a_number_lands_as_it_came_whether_it_is_right_or_not(value: str) -> None:
    assert order_rows(order(price=value))[0]["order_price"] == value


@pytest.mark.parametrize(
    "value",
    ["2026-11-20T12:21:31+03:00", "2026-11-20 12:21:31.000000", "0000-00-00 00:00:00", "-0001-11-30T00:00:00+02:30", "01.06.2025 12:23", "1748770000", "2025-W22-7T12:23:40+03:00", "2025-06-01T12:23:40 MSK", ""],
)  # fmt: skip
def test_a_date_lands_as_it_came_whether_it_is_right_or_not(value: str) -> None:
    assert order_rows(order(payed_at=value))[0]["payed_at"] == value


@pytest.mark.parametrize(
    ("value", "lands"),
    [
        ({"email": "ivan@mail.ru"}, "an object"),
        ({}, "an object"),
        (["ivan@mail.ru"], "a list"),
        ("Иван Петров, ivan@mail.ru", "text of 25 characters"),
        ("И", "text of 1 character"),
        ("+79161234567", "text of 12 characters"),
        ("8 (916) 123-45-67", "text of 17 characters"),
        ("8 916 123 45 67", "text of 15 characters"),
        ("ул. Ленина, 5", "text of 13 characters"),
        ("9" * 61, "text of 61 characters"),
        ("٤٩", "text of 2 characters"),
        (10**70, "text of 71 characters"),
        (True, "true"),
        (1, "1"),
        (490.5, "490.5"),
        (None, None),
    ],
)
def test_what_is_no_number_date_flag_or_code_only_says_what_it_is(value: Any, lands: str | None) -> None:
    """In every field that is no free text."""
    (row,) = order_rows(
        {"payed": True, "baskets": [dict.fromkeys(("id", "price", "refunded_amount"), value)], "id": value}
    )
    assert {row[name] for name in ("order_id", "ticket_id", "price", "refunded_amount")} == {lands}
    if lands is None or not lands[0].isdigit():
        *_, row = event_rows(
            {"currency_id": value, "is_active": value, "shows": [{"id": value, "start_date": value}]}
        )
        assert {row[name] for name in ("currency", "is_active", "show_id", "show_start_at")} == {lands}


@pytest.mark.parametrize(
    ("name", "lands"),
    [
        ("Концерт 8-10 марта 2026, 19:00", "Концерт 8-10 марта 2026, 19:00"),
        ("Встреча с Иваном, 8 916 123-45-67", f"Встреча с Иваном, phone~{letters('79161234567')}"),
        (1984, "1984"),
        (79161234567, f"phone~{letters('79161234567')}"),
        (True, "true"),
        ({"ru": "Щелкунчик"}, "an object"),
        (["Щелкунчик"], "a list"),
        (None, None),
    ],
)
def test_names_of_events_cities_and_venues_are_free_text(name: Any, lands: str | None) -> None:
    (row,) = event_rows(
        {"id": 1, "name": name, "place_name": name, "city": {"name": name, "timezone": name}, "shows": []}
    )

    assert {row[column] for column in ("event_name", "venue", "city", "timezone")} == {lands}


@pytest.mark.parametrize("before", [320, 655, 970, 985, 995, 1500, 1990])
@pytest.mark.parametrize("encoded", [False, True])
def test_a_mark_that_is_cut_shows_no_part_of_itself(before: int, encoded: bool) -> None:
    text = "x" * before + " ivanpetrov@mail.example.ru " + "y" * 2000

    (row,) = event_rows({"name": "".join(f"%{ord(c):02x}" for c in text) if encoded else text})

    assert row["event_name"] is not None
    assert "ivan" not in unquote(row["event_name"])
    assert len(row["event_name"]) <= 3000


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
