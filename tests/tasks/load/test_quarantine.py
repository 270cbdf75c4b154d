"""Rejected rows: kept whole and once, told apart by their reason, released when a good version was accepted."""

import json
from datetime import date

import polars as pl
from clickhouse_connect.driver.client import Client

from tasks.load.quarantine import quarantine
from tasks.sources.vk_ads import SOURCE as VK
from tasks.steps import record_key
from tasks.window import Window
from tests.tasks.load.engines import rows, values
from tests.validation.frames import raw_vk

(AD_DAYS,) = VK.resources
_REJECTED = ("record_key", "reason", "column", "value", "record")
NEGATIVE, NO_CURRENCY = "price is negative", "currency is missing"


def rejected(key: str, reason: str = NEGATIVE, record: dict[str, object] | None = None) -> dict[str, str]:
    text = json.dumps(record or {"ticket_id": key, "price": "-1"}, ensure_ascii=False)
    return dict(zip(_REJECTED, (key, reason, "price", "-1", text), strict=True))


def run(
    client: Client, *wrong: dict[str, str], accepted: tuple[str, ...] = (), hours: int = 0, window: Window | None = None,
    is_whole: bool = True, **of: str,
) -> tuple[int, int]:  # fmt: skip
    """One run that rejects and accepts; how many rows were newly rejected and how many released."""
    frame = pl.DataFrame(list(wrong), schema=dict.fromkeys(_REJECTED, pl.String))
    keys = pl.Series("ticket_id", accepted, dtype=pl.String)
    whose = ({"source": "qtickets", "account": "main", "resource": "orders"} | of).values()
    which = (f"run-{hours}", 1000 + hours, window)
    return quarantine(client, *whose, frame, lambda: keys, *which, is_whole=is_whole)


def march(first: int, last: int) -> Window:
    return Window(first=date(2026, 3, first), last=date(2026, 3, last))


def held(client: Client) -> list[tuple[str, str]]:
    """Key and reason of all that is there, read without FINAL."""
    return values(client, "SELECT record_key, reason FROM meta_quarantine ORDER BY record_key, reason")


def test_a_rejected_row_is_kept_with_all_that_is_known_of_it_once_however_often_it_comes(
    client: Client,
) -> None:
    record = {"ticket_id": "5", "event": 'Лекция «О \\" кавычках»\n', "price": "-1", "utm": None}
    wrong = rejected("5", record=record)
    assert run(client, wrong, wrong) == (1, 0)
    assert run(client, wrong, hours=800) == (0, 0), "a month later, so in another partition"
    told = "record_key, reason, column, value, run_id, record"
    (found,) = rows(client, f"SELECT {told} FROM meta_quarantine")
    assert json.loads(found.pop("record")) == record
    assert list(found.values()) == ["5", NEGATIVE, "price", "-1", "run-0"]


def test_a_row_is_released_when_a_good_version_is_accepted_and_may_come_back(client: Client) -> None:
    """One that is neither rejected nor accepted stays: its window was not loaded."""
    run(client, rejected("5"), rejected("6"))
    for hours in (1, 3):
        assert run(client, accepted=("5", "7"), hours=hours) == (0, 1)
        assert held(client) == [("6", NEGATIVE)]
        assert run(client, rejected("5"), hours=hours + 1) == (1, 0)
    assert run(client, rejected("5", reason=NO_CURRENCY), hours=5) == (1, 1), "it is there as it was rejected last"


def test_an_earlier_read_settles_nothing_that_was_read_later(client: Client) -> None:
    """A run that was resumed a day later brings the good row of yesterday; today's is rejected."""
    run(client, rejected("5"), hours=24)
    assert run(client, accepted=("5",), hours=1) == (0, 0)
    assert run(client, rejected("5", reason=NO_CURRENCY), hours=1) == (1, 0)
    assert ("5", NEGATIVE) in held(client)


def test_a_row_that_a_load_of_all_its_days_does_not_find_is_gone_from_the_source(client: Client) -> None:
    week, month, other = (march(*days) for days in ((1, 7), (1, 31), (5, 9)))
    run(client, rejected("5"), rejected(""), window=week)
    assert run(client, window=other, hours=1) == (0, 0)
    # A load that did not see everything settles nothing, and the row's window stays known.
    assert run(client, rejected("5"), window=week, is_whole=False, hours=2) == (0, 0)
    assert run(client, rejected("5"), window=week, hours=3) == (0, 1)
    assert run(client, window=None, hours=4) == (0, 0)
    assert run(client, window=month, hours=5) == (0, 1)
    assert held(client) == []


def test_only_the_same_key_of_the_same_resource_of_the_account_settles_a_row(client: Client) -> None:
    """Ad 5 of two days; ads without a number of two campaigns of the wizard; rows without a key."""
    run(client, rejected("2026-03-01/a/7/8/5"), rejected("2026-03-01/a/7//--"), rejected(""), resource="ad_days")
    for other in ({"source": "vk_ads"}, {"account": "spb"}):
        assert run(client, rejected("2026-03-01/a/7/8/5"), resource="ad_days", **other) == (1, 0)
    accepted = ("2026-03-02/a/7/8/5", "2026-03-01/a/9//--", "")
    assert run(client, accepted=accepted, resource="ad_days", hours=1) == (0, 0)
    assert run(client, accepted=("2026-03-01/a/7/8/5",), resource="ad_days", hours=2) == (0, 1)
    assert len(held(client)) == 4


def test_the_key_is_that_of_the_row_and_none_where_its_first_part_is_missing() -> None:
    raw = raw_vk({"campaign_id": None, "ad_id": "--"}, {"stat_date": None})
    assert raw.select(record_key(AD_DAYS)).to_series().to_list() == ["2026-01-19/a//5757287178/--", ""]
