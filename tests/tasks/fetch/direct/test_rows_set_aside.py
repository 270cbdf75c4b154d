"""No text of a report costs a row of it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from sandbox.direct import DirectApi
from tasks.fetch.direct import COLUMNS
from tasks.window import Window
from tests.tasks.fetch.direct.helpers import Fetch, ad_day, ordinary
from validation import ads as must
from validation.split import Split, split

DAYS = Window(first=date(2026, 1, 5), last=date(2026, 1, 7))


def judged(fetch: Fetch, api: DirectApi) -> Split:
    rows = fetch(api, DAYS, ad_spend_vat="exclude").rows
    return split(pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String)), must.raw_direct)


NAMES = [
    "Хиты\t2026", "\tХиты", "a\tb\tc", "Осень\nтура", "\r\nОсень", "a\rb", '"Хиты"', "\x00", "", "Total rows: 5",
    "Осень\nTotal rows: 5\n", "x\n2026-01-05\t1\ty\t2\t3\t4\t5\t6.00\t7\nz", "a\t1\t2\t3\t4\t5.00\t6\n2026-01-05\t1\tb",
]  # fmt: skip


@pytest.mark.parametrize("wizard", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_no_name_of_a_campaign_costs_a_row(fetch: Fetch, api: DirectApi, name: str, wizard: bool) -> None:
    """Names are not in the report of figures: they come with the list of campaigns, those of the campaign wizard
    with a report of their own, whose failure costs the names alone."""
    odd, good = replace(ordinary(api), campaign_name=name, wizard=wizard), ordinary(api, 1)
    with api.change():
        api.world.ads[:] = [odd, good]
        api.rows[:] = [ad_day(odd, "2026-01-05"), ad_day(good, "2026-01-05"), ad_day(good, "2026-01-06", "3.10")]

    fetched = fetch(api, DAYS, ad_spend_vat="exclude")

    part = split(pl.DataFrame(fetched.rows, schema=dict.fromkeys(COLUMNS, pl.String)), must.raw_direct)
    assert sorted(part.valid["cost"].to_list()) == ["10.00", "10.00", "3.10"]
    assert fetched.warnings == ()
    (told,) = {row["campaign_name"] for row in fetched.rows if row["campaign_id"] == str(odd.campaign_id)}
    assert told == " ".join(re.split(r"[\x01-\x1f]+", name)).replace("\0", "\ufffd")


def test_rows_of_the_wizard_are_good_rows(fetch: Fetch, api: DirectApi) -> None:
    wizard = next(ad for ad in api.world.ads if ad.wizard)
    with api.change():
        api.rows[:] = [ad_day(wizard, "2026-01-05", conversions=0)]

    part = judged(fetch, api)

    assert part.rejected.height == 0
    assert part.valid.select("ad_group_id", "ad_id", "conversions").row(0) == ("--", "--", "--")


@pytest.mark.parametrize("zero", ["0", "0.00", "--"])
def test_zero_money_in_any_form_is_a_good_row(fetch: Fetch, api: DirectApi, zero: str) -> None:
    api.switches.zero_money = zero
    with api.change():
        api.rows[:] = [ad_day(ordinary(api), "2026-01-05", "0.00")]

    part = judged(fetch, api)

    assert (part.valid["cost"].to_list(), part.rejected.height) == ([zero], 0)
