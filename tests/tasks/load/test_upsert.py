"""Upsert brings a scope to what the source says: new, changed, moved, vanished and rejected rows, of any value."""

from collections.abc import Iterator
from datetime import date

import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from tasks.load.tables import Scope
from tasks.load.upsert import Upserted, upsert
from tasks.settings import Settings
from tasks.sources.qtickets import TICKETS
from tasks.sources.vk_ads import SOURCE as VK
from tasks.window import Window
from tests.tasks.load.engines import BOTH, place_of, values
from tests.tasks.load.tickets import ids, load, refunded, stored, ticket, utc, written
from tests.validation.frames import ad_days

ADS, *_ = VK.outputs
LARGEST = "9999999999999999.99"
TEXTS = ["", " ", "О'Коннор", '"«»`', "\\", "\\'", "a\\b\\\\", "line\nbreak\r\ttab", "\0\b\f", "%(keys)s %s %"]
TEXTS += ["{x:UInt8}", "-- ; DROP TABLE odd", "/*", "NULL", "😀\u2028\ufeff"]


@pytest.fixture(scope="module", params=BOTH)
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    yield from place_of(request.param, request, tmp_path_factory)


def test_a_window_is_stored_as_it_came_and_the_second_time_nothing_is_written(client: Client) -> None:
    """Paid, reserved, returned; money and instants at their limits."""
    rows = [
        ticket(1, amount=LARGEST), ticket(2, paid=None), refunded(3, back="450.50", amount="500.50"),
        ticket(4, amount="0.01", paid="2026-03-10T12:00:00.123", ordered_at=utc("2000-01-01T00:00:00.001")),
    ]  # fmt: skip
    assert load(client, rows, version=1) == Upserted(new=4)
    assert stored(client) == [written(row) for row in rows]
    assert load(client, rows, version=2) == Upserted(unchanged=4)
    assert values(client, f"SELECT count(), max(_ver) FROM {TICKETS.name}") == [(4, 1)]


def test_what_was_booked_after_the_source_was_read_is_not_taken_for_vanished(client: Client) -> None:
    """A run that read at 11:00 does not know of 11:00 and later, which another run has loaded."""
    load(client, [ticket(1, paid="2026-03-10T10:59:59"), ticket(2, paid="2026-03-10T11:00")], version=1)
    window = Window(first=date(2026, 3, 10), last=date(2026, 3, 10))
    load(client, [], version=2, scope=TICKETS.scope("main", window, as_of=utc("2026-03-10T11:00")))
    assert ids(client) == [2]


def test_any_text_in_a_key_is_stored_found_and_removed(client: Client) -> None:
    def load_ads(texts: list[str], version: int) -> Upserted:
        rows = ad_days(*({"account_id": text, "ad_id": number} for number, text in enumerate(texts)))
        return upsert(client, ADS.table, rows, Scope(), version)

    load_ads(TEXTS, 1)
    stored_texts = values(client, f"SELECT account_id FROM {ADS.table.name} FINAL ORDER BY ad_id")
    assert stored_texts == [(text,) for text in TEXTS]
    assert load_ads(TEXTS, 2) == Upserted(unchanged=len(TEXTS))
    for left in range(len(TEXTS) - 1, -1, -1):
        assert load_ads(TEXTS[:left], 3) == Upserted(removed=1, unchanged=left)


def test_a_null_where_none_may_be_fails_the_load_instead_of_becoming_a_zero(client: Client) -> None:
    with pytest.raises(ClickHouseError):
        load(client, [ticket(1) | {"amount": None}], version=1)
    assert ids(client) == []
