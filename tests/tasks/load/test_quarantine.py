"""Rejected rows: kept whole and once, told apart by their reason, let go when a good version was accepted."""

from __future__ import annotations

import json
from datetime import date

import polars as pl
import pytest
from clickhouse_connect.driver.client import Client

from flows.qtickets import SOURCE as QTICKETS
from flows.vk_ads import SOURCE as VK
from tasks.load.quarantine import listing, quarantine, records, release
from tasks.sources.source import Resource
from tasks.steps import record_key
from tasks.window import Window
from tests.tasks.load.engines import rows, values
from tests.validation.ad_frames import raw_vk

EVENTS, AD_DAYS = QTICKETS.resources[1], VK.resources[0]
_REJECTED = ("record_key", "reason", "column", "value", "record")


def rejected(
    key: str, reason: str = "price is negative", record: dict[str, object] | None = None
) -> dict[str, str]:
    text = json.dumps(record or {"ticket_id": key, "price": "-1"}, ensure_ascii=False)
    return dict(zip(_REJECTED, (key, reason, "price", "-1", text), strict=True))


def run(
    client: Client,
    *wrong: dict[str, str],
    accepted: tuple[str, ...] = (),
    hours: int = 0,
    source: str = "qtickets",
    resource: str = "orders",
    window: Window | None = None,
    is_whole: bool = True,
) -> tuple[int, int]:
    """One run that rejects and accepts; how many rows were newly set aside and how many let go."""
    frame = pl.DataFrame(list(wrong), schema=dict.fromkeys(_REJECTED, pl.String))
    keys = pl.Series("ticket_id", accepted, dtype=pl.String)
    return quarantine(
        client, source, resource, frame, keys, f"run-{hours}", 1000 + hours, window, is_whole=is_whole
    )


def march(first: int, last: int) -> Window:
    return Window(first=date(2026, 3, first), last=date(2026, 3, last))


def held(client: Client) -> list[tuple[str, str]]:
    """Key and reason of all that is there, read without FINAL."""
    return values(client, "SELECT record_key, reason FROM meta_quarantine ORDER BY record_key, reason")


def test_a_rejected_row_is_kept_with_all_that_is_known_of_it(client: Client) -> None:
    record = {"ticket_id": "5", "event": 'Лекция «О \\" кавычках»\n', "price": "-1", "utm": None}

    assert run(client, rejected("5", record=record)) == (1, 0)

    (found,) = rows(
        client, "SELECT * EXCEPT (rejection_id, rejected_at, window_first, window_last, _ver) FROM meta_quarantine"
    )
    assert json.loads(found.pop("record")) == record
    assert found == {
        "source": "qtickets",
        "resource": "orders",
        "record_key": "5",
        "reason": "price is negative",
        "column": "price",
        "value": "-1",
        "run_id": "run-0",
    }


def test_the_same_rejection_is_one_row_however_often_it_comes(client: Client) -> None:
    """The second run is of another month, so of another partition."""
    assert run(client, rejected("5"), rejected("5"), rejected("6")) == (2, 0)
    assert run(client, rejected("6"), rejected("5"), hours=5) == (0, 0)

    assert values(client, "SELECT record_key, run_id FROM meta_quarantine ORDER BY record_key") == [
        ("5", "run-0"),
        ("6", "run-0"),
    ]


def test_a_row_is_let_go_when_a_good_version_is_accepted(client: Client) -> None:
    run(client, rejected("5"), rejected("6"))

    assert run(client, accepted=("5", "7")) == (0, 1)
    assert held(client) == [("6", "price is negative")]
    assert run(client, accepted=("5", "7")) == (0, 0)


def test_a_row_that_is_neither_rejected_nor_accepted_stays(client: Client) -> None:
    """Its window was not loaded this time."""
    run(client, rejected("5"))

    assert run(client, rejected("8"), accepted=("9",)) == (1, 0)
    assert [key for key, _ in held(client)] == ["5", "8"]


def test_a_row_may_be_let_go_and_come_back_the_same(client: Client) -> None:
    for hours in range(3):
        assert run(client, rejected("5"), hours=2 * hours) == (1, 0)
        assert run(client, accepted=("5",), hours=2 * hours + 1) == (0, 1)
    run(client, rejected("5"), hours=9)

    assert held(client) == [("5", "price is negative")]


def test_a_row_is_there_as_it_was_rejected_last(client: Client) -> None:
    run(client, rejected("5"))
    assert run(client, rejected("5", reason="currency is missing"), hours=1) == (1, 1)
    assert run(client, rejected("5", record={"ticket_id": "5", "price": "-2"}), hours=2) == (1, 1)
    assert held(client) == [("5", "price is negative")]

    assert run(client, accepted=("5",), hours=3) == (0, 1)
    assert held(client) == []


def test_what_was_read_earlier_settles_nothing_that_was_read_later(client: Client) -> None:
    """A run that was resumed a day later brings the good row of yesterday; today's is rejected."""
    run(client, rejected("5"), hours=24)

    assert run(client, accepted=("5",), hours=1) == (0, 0)
    assert run(client, rejected("5", reason="currency is missing"), hours=1) == (1, 0)
    assert ("5", "price is negative") in held(client)


def test_a_row_that_a_load_of_all_its_days_does_not_find_is_gone_from_the_source(client: Client) -> None:
    week, month, other = (march(*days) for days in ((1, 7), (1, 31), (5, 9)))
    run(client, rejected("5"), rejected(""), window=week)

    assert run(client, window=other, hours=1) == (0, 0)
    assert run(client, rejected("5"), window=week, hours=2) == (0, 1)
    assert run(client, window=None, hours=3) == (0, 0)
    assert run(client, window=month, hours=4) == (0, 1)
    assert held(client) == []


def test_a_load_that_did_not_see_everything_settles_nothing_and_forgets_no_window(client: Client) -> None:
    """The row is seen by a whole load, by one that is not whole, then by none: the next whole load settles it."""
    week = march(1, 7)
    run(client, rejected("5"), rejected("6"), window=week)

    assert run(client, rejected("5"), window=week, is_whole=False, hours=1) == (0, 0)
    assert held(client) == [("5", "price is negative"), ("6", "price is negative")]
    assert run(client, window=week, hours=2) == (0, 2)


def test_another_day_of_the_ad_settles_nothing(client: Client) -> None:
    """Ad 5 of two days, and ads without a number of two campaigns of the wizard."""
    run(client, rejected("2026-03-01/a/7/8/5"), rejected("2026-03-01/a/7//--"), resource="ad_days")

    accepted = ("2026-03-02/a/7/8/5", "2026-03-01/a/9//--")
    assert run(client, accepted=accepted, resource="ad_days", hours=1) == (0, 0)
    assert run(client, accepted=("2026-03-01/a/7/8/5",), resource="ad_days", hours=2) == (0, 1)
    assert held(client) == [("2026-03-01/a/7//--", "price is negative")]


def test_of_two_rows_with_one_key_the_rejected_one_stays_beside_the_accepted_one(client: Client) -> None:
    twice = rejected("5", reason="ticket_id stands twice in this load")

    assert run(client, twice, accepted=("5",)) == (1, 0)
    assert run(client, twice, accepted=("5",)) == (0, 0)
    assert run(client, accepted=("5",)) == (0, 1)


def test_a_row_without_a_key_is_kept_and_never_taken_for_another(client: Client) -> None:
    nameless = rejected("", reason="ticket_id is missing")

    assert run(client, nameless, rejected("", record={"price": "3"})) == (2, 0)
    assert run(client, nameless, accepted=("1", "2")) == (0, 0)
    assert len(held(client)) == 2


def test_sources_and_resources_do_not_let_go_of_each_others_rows(client: Client) -> None:
    run(client, rejected("5"))
    run(client, rejected("5"), resource="events")
    run(client, rejected("5"), source="vk_ads")

    assert run(client, accepted=("5",), resource="events") == (0, 1)
    assert values(client, "SELECT source, resource FROM meta_quarantine ORDER BY source") == [
        ("qtickets", "orders"),
        ("vk_ads", "orders"),
    ]


def test_thousands_are_set_aside_and_let_go(client: Client) -> None:
    many = [rejected(str(n)) for n in range(5000)]

    assert run(client, *many) == (5000, 0)
    assert run(client, accepted=tuple(str(n) for n in range(0, 5000, 2))) == (0, 2500)
    assert values(client, "SELECT count(), countIf(toUInt32(record_key) % 2 = 0) FROM meta_quarantine") == [
        (2500, 0)
    ]


def test_the_listing_is_newest_first_limited_and_of_one_source_if_asked(client: Client) -> None:
    run(client, rejected("1"), rejected("2"))
    run(client, rejected("3"), hours=5, source="vk_ads")

    assert listing(client, 10)["record_key"].to_list() == ["3", "1", "2"]
    assert listing(client, 2)["record_key"].to_list() == ["3", "1"]
    assert listing(client, 10, "qtickets")["record_key"].to_list() == ["1", "2"]


@pytest.mark.parametrize(
    ("resource", "row", "key"),
    [
        (AD_DAYS, {"campaign_id": None, "ad_id": "--"}, "2026-01-19/a//5757287178/--"),
        (AD_DAYS, {"stat_date": None}, ""),
        (EVENTS, {"event_id": "7", "show_id": None}, "7/"),
        (EVENTS, {"event_id": None, "show_id": "70"}, ""),
        (EVENTS, {"event_id": None, "show_id": None}, ""),
    ],
)
def test_the_key_is_that_of_the_row_and_none_where_its_first_part_is_missing(
    resource: Resource, row: dict[str, str | None], key: str
) -> None:
    raw = raw_vk(row) if resource is AD_DAYS else pl.DataFrame([row], schema=dict.fromkeys(row, pl.String))

    assert raw.select(record_key(resource)).item() == key


def test_ids_beyond_what_one_parameter_may_hold_are_let_go(client: Client) -> None:
    """Their ids alone are 320 KB."""
    run(client, *(rejected(f"{10**18 + n}") for n in range(10_000)))
    ids = records(client, "qtickets")["rejection_id"]

    assert release(client, "qtickets", ids.gather_every(2)) == 5000
    assert len(held(client)) == 5000
