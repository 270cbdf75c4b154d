"""Replies as public reports of this field describe them, each with what it must come to."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from sandbox.direct import DirectApi
from tasks.fetch.direct import COLUMNS
from tasks.window import Window
from tests.tasks.fetch.direct.helpers import Fetch
from validation import ads as must
from validation.split import Split, split

HEADER = "Date\tCampaignId\tCampaignName\tAdGroupId\tAdId\tImpressions\tClicks\tCost\tConversions\n"
DAY = Window(first=date(2025, 11, 20), last=date(2025, 11, 20))


def judged(fetch: Fetch, api: DirectApi, body: bytes) -> Split:
    api.faults.add("status", "/json/*/reports", times=9, status=200, body=body)
    rows = fetch(api, DAY).rows
    return split(pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String)), must.raw_direct)


def test_a_line_feed_in_a_name(fetch: Fetch, api: DirectApi) -> None:
    first = "2025-11-20\t700001\tОсень\nтура\t800001\t900001\t1000\t5\t150.00\t1\n"
    second = "2025-11-20\t700002\tЗима\t800002\t900002\t500\t2\t50.00\t--\n"

    part = judged(fetch, api, f"{HEADER}{first}{second}Total rows: 2\n".encode())

    assert part.rejected.height == 0
    assert part.valid.select("cost", "campaign_name").rows() == [("150.00", "Осень тура"), ("50.00", "Зима")]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("М".encode() + b"\xd1" + "С".encode(), "М\ufffdС"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"\xd0", "\ufffd"),
        (b"A\x00B", "A\ufffdB"),
        ("Осень".encode("cp1251"), "\ufffd" * 5),
    ],
)
def test_bad_bytes_in_a_name(fetch: Fetch, api: DirectApi, name: bytes, told: str) -> None:
    row = b"2025-11-20\t700001\t" + name + b"\t800001\t900001\t1000\t5\t150.00\t2.5\n"

    part = judged(fetch, api, HEADER.encode() + row + b"Total rows: 1\n")

    assert part.valid.select("cost", "campaign_name", "conversions").rows() == [("150.00", told, "3")]
    assert part.odd == {"conversions": 1}
