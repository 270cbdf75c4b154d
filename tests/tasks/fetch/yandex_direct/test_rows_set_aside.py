"""A row of a report that is wrong in itself ends in the quarantine with its ad; all others go on."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from sandbox.direct import DirectApi
from tasks.fetch.yandex_direct import COLUMNS
from tasks.window import Window
from tests.tasks.fetch.yandex_direct.helpers import Fetch, ad_day, ordinary
from validation import ads as must
from validation.split import Split, split

DAYS = Window(first=date(2026, 1, 5), last=date(2026, 1, 7))


def judged(fetch: Fetch, api: DirectApi) -> Split:
    rows = fetch(api, DAYS, ad_spend_vat="exclude").rows
    return split(pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String)), must.raw_direct)


@pytest.mark.parametrize("name", ["Хиты\t2026", "\tХиты", "a\tb\tc"])
def test_a_tab_in_a_name_costs_its_own_rows_and_names_their_ad(fetch: Fetch, api: DirectApi, name: str) -> None:
    broken, good = replace(ordinary(api), campaign_name=name), ordinary(api, 1)
    with api.change():
        api.rows[:] = [ad_day(broken, "2026-01-05"), ad_day(good, "2026-01-05"), ad_day(good, "2026-01-06", "3.10")]

    part = judged(fetch, api)

    assert part.valid["cost"].to_list() == ["10.00", "3.10"]
    assert part.valid["ad_id"].unique().to_list() == [str(good.ad_id)]
    (rejected,) = part.rejected.rows(named=True)
    assert rejected["ad_id"] == str(broken.ad_id), "by which the last good row of the ad is kept"
    assert "stat_date is not a date" in rejected["reason"]
    assert "10.00" in rejected["stat_date"], "the row can be read in the quarantine"


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
