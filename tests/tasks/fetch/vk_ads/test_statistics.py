"""Statistics of today's API: what was requested is compared with what came, and with the totals that VK gives. What is
absent is missing, not zero; an ad that VK forgot costs no other its figures."""

from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, date, datetime
from typing import Any

import pytest

from tasks.errors import SourceError
from tasks.fetch.vk_ads.figures import Statistics, check_complete
from tasks.fetch.vk_ads.today import read_statistics, statistics_row
from tasks.translation import numbered
from tests.tasks.fetch.applications import TWO_DAYS, VkAccount, only, path, spent

pytestmark = pytest.mark.usefixtures("four")

DAY, ACCOUNT = path("statistics/banners/day"), path("statistics/users/day")
FIRST, LAST = str(TWO_DAYS.first), str(TWO_DAYS.last)
ADS = [1001, 1002, 1003, 1004]


def requested(api: Any) -> list[list[int]]:
    """Ids of each call for statistics of ads."""
    return [[int(text) for text in r.params["id"].split(",")] for r in api.requests if r.path == DAY]


def total(spent: int, shows: int) -> dict[str, Any]:
    return {"base": {"shows": shows, "clicks": shows // 100, "spent": f"{spent}.00"}}


def reply() -> dict[str, Any]:
    """Four ads with 100.00 on each of two days."""
    rows = [{"date": day, "base": total(100, 1000)["base"] | {"vk": {"goals": 1}}} for day in (FIRST, LAST)]
    items = [{"id": ad, "rows": deepcopy(rows), "total": total(200, 2000)} for ad in ADS]
    return {"items": items, "total": total(800, 8000)}


def item(change: Callable[[Any], object], *ids: int) -> Callable[[Any], None]:
    """Changes those items of a reply, all of them without ids."""

    def changed(reply: Any) -> None:
        for one in reply["items"]:
            if not ids or one["id"] in ids:
                change(one)

    return changed


# How a reply is changed, and the number of ads whose statistics are then complete and contradicted.
REPLIES: dict[str, tuple[Callable[[Any], object], int, int]] = {
    "no total": (lambda reply: reply.pop("total"), 4, 0),
    "an ad twice, the same rows": (lambda reply: reply["items"].append(reply["items"][0]), 4, 0),
    "an ad that was not requested": (lambda reply: reply["items"].append({"id": 7, "rows": []}), 4, 0),
    "a day that cannot be read": (item(lambda one: one["rows"][1].update(date="2026-02-30"), 1001), 4, 0),
    "a float's tail": (item(lambda one: one["rows"][0]["base"].update(spent=100.00000000000001), 1001), 4, 0),
    "two ads less": (lambda reply: reply.update(items=reply["items"][:2]), 2, 0),
    "a day less": (item(lambda one: one["rows"].pop(), 1004), 3, 0),
    "a day twice": (item(lambda one: one["rows"][1].update(date=FIRST, base=total(7, 7)["base"]), 1004), 3, 0),
    "no id": (item(lambda one: one.pop("id"), 1001), 3, 0),
    "the spend of the reply": (lambda reply: reply.update(total=total(900, 8000)), 0, 4),
    "the impressions of the reply": (lambda reply: reply["total"]["base"].update(shows=8001), 0, 4),
    "the spend of a row": (item(lambda one: one["rows"][0]["base"].update(spent="1.00"), 1001), 3, 1),
}  # fmt: skip


@pytest.mark.parametrize("case", REPLIES)
def test_statistics_are_complete_only_with_every_day_and_their_own_totals(case: str) -> None:
    change, complete, contradicted = REPLIES[case]
    edited = reply()
    change(edited)
    read = read_statistics(edited, ADS, TWO_DAYS)
    assert (len(read.days), len(read.partial), len(read.contradicted)) == (complete, 4 - complete, contradicted)
    assert all(len(rows) == 2 for rows in read.days.values())
    assert (read.strangers, read.nameless) == ("not requested" in case, case == "no id")


def row(day: str, spent: str | None, shows: int = 100) -> dict[str, str | None]:
    return {"stat_date": day, "impressions": str(shows), "clicks": "1", "spent": spent}


def read(*rows: Any, partial: bool = False, **more: Any) -> Statistics:
    return Statistics(partial={1: list(rows)}, **more) if partial else Statistics(days={1: list(rows)}, **more)


PART = row(FIRST, "90.00")
# What was read, the account's days (None: not given), and the note or the error.
TOTALS: dict[str, tuple[Statistics, Any, str]] = {
    "a tail of rounding": (read(row(FIRST, "45.00", 50), row(LAST, "45.00", 50)), [row(FIRST, "90.01")], ""),
    "a tenth less": (read(PART), [row(FIRST, "100.00")], "10.00 of the 100.00 spent belongs to ads that"),
    "more than a tenth less": (read(PART), [row(FIRST, "100.10")], "ERROR says that the account spent 100.10"),
    "many impressions alone": (read(PART), [row(FIRST, "90.00", 120)], "ERROR in 120 impressions"),
    "much less, with a lost ad": (read(PART, lost=[7]), [row(FIRST, "900.00")], "810.00 of the 900.00 spent belongs"),
    "much less, with a figure unread": (read(PART, row(LAST, None)), [row(FIRST, "900.00", 200)], "of the 900.00"),
    "today, which grows": (read(PART), [PART, row("2026-01-20", "500.00")], ""),
    "no account": (read(PART), None, "did not tell the account's total"),
    "an ad left out, and no spend": (read(PART, partial=True), [PART], "left out statistics of 1 ad (of 1); by its total"),
    "an ad left out, and spend": (read(PART, partial=True), [row(FIRST, "90.10")], "ERROR whole statistics of only 0 of 1"),
    "a contradiction": (read(PART, partial=True, contradicted={1}), [PART], "ERROR that contradict themselves"),
}  # fmt: skip


@pytest.mark.parametrize("case", TOTALS)
def test_figures_are_proved_by_the_accounts_total(case: str) -> None:
    """Spend that is missing up to a tenth is a note, since an ad that is no longer listed never comes back; more is
    an error, unless an ad is known to be lost or a figure cannot be read."""
    found, account, said = TOTALS[case]
    window = TWO_DAYS if "today" not in case else TWO_DAYS.model_copy(update={"last": date(2026, 1, 20)})
    try:
        texts = check_complete("VK Ads", window, datetime(2026, 1, 20, 15, tzinfo=UTC), found, account)
    except SourceError as error:
        assert error.transient
        texts = [f"ERROR {error}"]
    assert len(texts) == bool(said)
    assert all(part in " ".join(texts) for part in said.split(" ", 1)), texts


def test_an_ad_that_is_left_out_has_nothing_if_the_accounts_total_proves_it(vk: VkAccount) -> None:
    """A row of zeros undoes what was loaded of it."""
    vk.cabinet.days[1004] = {}
    vk.api.switches.omits_undelivered = True
    fetched = vk.fetch()
    assert spent(fetched.rows) == 600
    assert [row["spent"] for row in fetched.rows if row["ad_id"] == "1004"] == ["0"]


def test_a_list_of_ads_that_is_short_of_spend_is_read_again(vk: VkAccount) -> None:
    vk.edit(path("banners"), lambda reply: reply.update(items=reply["items"][:3], count=3), times=1)
    assert spent(vk.fetch().rows) == 800


@pytest.mark.parametrize("level", ["ad_plans", "ad_groups"])
def test_spend_a_hundred_times_the_daily_budget_is_another_unit_of_money(vk: VkAccount, level: str) -> None:
    vk.edit(path(level), item(lambda one: one.update(budget_limit_day="4.00")))
    error = vk.refused()
    assert "100 times the daily budget and more on 2 of 2 days" in str(error)
    assert not error.transient


@pytest.mark.parametrize(
    ("number", "gone", "most_calls"), [(450, [1001, 1250, 1449], 6), (201, range(1001, 1201), 5)]
)
def test_only_forgotten_ads_are_lost_in_few_calls(vk: VkAccount, number: int, gone: Any, most_calls: int) -> None:
    """They have no row, since a made-up one would undo what is known of them."""
    ids = only(vk.cabinet, number)
    vk.api.switches.bare_error_codes, vk.api.switches.list_cap = True, 1000
    vk.api.faults.mutate(lambda _: list(map(vk.cabinet.vanish, gone)), path=DAY)
    fetched = vk.fetch(vk_page_size=1000)
    shown = {row["ad_id"]: row["impressions"] for row in fetched.rows if row["stat_date"] == LAST}
    assert shown == {str(ad): str(ad) for ad in ids if ad not in gone}
    assert fetched.notes == (f"VK Ads gives no more figures of {numbered(len(gone), 'ad')}; what was loaded stays",)
    assert len(requested(vk.api)) <= most_calls


def test_ads_that_only_the_statistics_forgot_are_found_in_halves(vk: VkAccount) -> None:
    """The list has them still."""
    items = [{"id": ad, "ad_group_id": vk.cabinet.banners[ad].group_id} for ad in ADS]
    vk.edit(path("banners"), lambda _: {"count": 4, "items": items})
    vk.api.faults.mutate(lambda _: list(map(vk.cabinet.vanish, ADS[:3])), path=DAY)
    fetched = vk.fetch()
    assert {row["ad_id"] for row in fetched.rows} == {"1004"}
    assert "VK Ads gives no more figures of 3 ads; what was loaded stays" in fetched.notes


def test_conversions_are_the_goals_of_vk_and_a_missing_figure_is_never_zero() -> None:
    row = statistics_row({"date": LAST, "base": {"goals": 0, "vk": {"goals": 3}}})
    assert row["conversions"] == "3"
    assert row["impressions"] is row["clicks"] is row["spent"] is None
    assert statistics_row({"date": LAST, "base": {"goals": 7}})["conversions"] is None
