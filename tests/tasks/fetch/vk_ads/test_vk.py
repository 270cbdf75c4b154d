"""VK issues five tokens in all: one is stored where only its owner reads it, and shared by all runs; none takes a second slot.
Statistics are compared with what was requested and with the totals that VK gives: what is absent is missing, not zero.
Lists come whole, deleted ads too, or not at all; what only describes an ad may be missing, and the figures come."""

import json
import stat
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Barrier, local
from typing import Any
from unittest.mock import patch

import pytest

from sandbox import World
from sandbox.vk import VK_ACCOUNT_ID, VK_CLIENT_ID, VK_CLIENT_SECRET, Cabinet, VkAdsApi, VkLegacyApi
from sandbox.world.secrets import MARK
from tasks.errors import SourceError
from tasks.fetch.vk_ads import credential, reads
from tasks.fetch.vk_ads.figures import Statistics, check_complete
from tasks.fetch.vk_ads.today import currency_of, link_of, read_statistics, statistics_row, tags_of
from tasks.fetch.vk_ads.token import StoredToken
from tasks.fetch.vk_ads.values import name_of, whole
from tasks.translation import numbered
from tests.flows import ad_truth
from tests.tasks.fetch.applications import FORTNIGHT, TWO_DAYS, VkAccount, by_key, only, path, spent

TOKEN = path("oauth2/token")
NEW, REFRESH = "client_credentials", "refresh_token"
pytestmark = pytest.mark.usefixtures("four")


def stored(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.read_text())
    return found


def change_stored(file: Path, **changes: Any) -> None:
    file.write_text(json.dumps(stored(file) | changes))


def test_four_fetches_at_once_and_those_after_them_take_one_token(vk: VkAccount) -> None:
    """All four find no token before one of them renews it. Each opens the lock's file itself, as processes do."""
    together, met, load = Barrier(4), local(), StoredToken._load

    def load_together(token: StoredToken) -> Any:
        found = load(token)
        if not hasattr(met, "once"):
            met.once = True
            together.wait(60)
        return found

    with patch.object(StoredToken, "_load", load_together), ThreadPoolExecutor(4) as pool:
        fetched = list(pool.map(lambda _: vk.fetch(), range(4)))
    assert {spent(one.rows) for one in [*fetched, vk.fetch()]} == {800}
    assert vk.grants() == [NEW]


@pytest.mark.parametrize("found", [None, b"{", b'{"client_id": "another", "access_token": "x"}'])
def test_only_the_owner_reads_the_token_whatever_file_was_there(
    vk: VkAccount, token_file: Path, found: Any
) -> None:
    """A damaged file, or that of another application, is replaced, and the secret is in none."""
    if found is not None:
        token_file.parent.mkdir(mode=0o700)
        token_file.write_bytes(found)
    assert vk.fetch().rows and vk.fetch().rows
    (token,) = vk.api.tokens.issued
    assert stored(token_file) == {
        "access_token": token.access, "refresh_token": token.refresh, "client_id": VK_CLIENT_ID,
        "agency_client": "", "expires_at": pytest.approx(time.time() + 86_400, abs=60),
    }  # fmt: skip
    files = (token_file.parent, *token_file.parent.iterdir())
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in files}
    assert modes == {"secrets": 0o700, "vk_token.json": 0o600, "vk_token.lock": 0o600}


@pytest.mark.parametrize(("minutes", "renewed"), [(31, []), (29, [REFRESH]), (None, [REFRESH])])
def test_a_token_is_refreshed_half_an_hour_before_its_end(
    vk: VkAccount, token_file: Path, minutes: int | None, renewed: list[str]
) -> None:
    vk.api.switches.rotates_refresh_tokens = True
    vk.fetch()
    change_stored(token_file, expires_at=minutes and time.time() + minutes * 60)
    assert vk.fetch().rows
    assert vk.grants() == [NEW, *renewed]
    (token,) = vk.api.tokens.issued
    kept = stored(token_file)
    assert (kept["access_token"], kept["refresh_token"]) == (token.access, token.refresh), "the new one in one slot"


def test_a_revoked_token_ends_the_run_with_what_to_do_and_takes_no_other(vk: VkAccount, token_file: Path) -> None:
    vk.fetch()
    vk.api.tokens.revoke()
    error = vk.refused()
    assert f"has been revoked. Once access is granted again, remove {token_file}" in str(error)
    assert (error.transient, vk.grants()) == (False, [NEW])
    token_file.unlink()
    assert vk.fetch().rows, "as the line says"


def test_each_client_of_an_agency_is_read_with_a_token_of_its_own(vk: VkAccount, world: World) -> None:
    """A token that is stored for one is never used for another."""
    agency = vk.api.add("agency", world.emptied())
    clients = [vk.api.add(name, world, agency=agency) for name in ("kzn", "spb")]
    pair = {"vk_client_id": agency.tokens.client_id, "vk_client_secret": agency.tokens.client_secret}
    for client in (*clients, clients[1]):
        rows = vk.fetch(**pair, vk_agency_client=client.cabinet.username).rows
        assert {row["account_id"] for row in rows} == {str(client.cabinet.account_id)}
    assert vk.grants() == ["agency_client_credentials"] * 2
    error = vk.refused(**pair, vk_agency_client="stranger")
    assert "that VK_AGENCY_CLIENT is one of its clients" in str(error)


def test_a_token_of_the_settings_is_used_as_it_is_and_never_replaced(vk: VkAccount, token_file: Path) -> None:
    given = {"vk_token": vk.api.tokens.issue().access, "vk_client_id": None, "vk_client_secret": None}
    assert vk.fetch(**given).rows
    vk.api.tokens.expire()
    assert "VK_TOKEN" in str(vk.refused(**given))
    assert vk.grants() == []
    assert not token_file.parent.exists()


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("timeout", {"seconds": 30}), ("status", {"status": 200, "body": '{"access_token": "two words"}'}),
        ("status", {"status": 403, "body": f'{{"error": "x", "error_description": "{VK_CLIENT_SECRET}"}}'}),
    ],
)  # fmt: skip
def test_a_reply_that_is_lost_never_takes_a_second_slot(vk: VkAccount, kind: str, options: dict[str, Any]) -> None:
    """Five runs in which the network fails would otherwise lock everybody out."""
    vk.fail(kind, TOKEN, **options)
    error = vk.refused(http_timeout=0.3 if kind == "timeout" else 5)
    assert [request.path for request in vk.api.requests] == [TOKEN]
    assert error.transient == (options.get("status") != 403)


DAY = path("statistics/banners/day")
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


def test_a_list_that_refuses_a_page_in_whatever_words_is_asked_for_smaller_ones(vk: VkAccount) -> None:
    vk.api.switches.list_cap = 250
    body = b'{"error": {"code": "validation_failed", "fields": {"limit": {"code": "bad_value"}}}}'
    vk.api.faults.add("status", path("banners"), status=400, body=body)
    assert ads(vk.fetch(vk_page_size=250).rows) == set(vk.cabinet.banners)
    assert {request.params.get("limit") for request in vk.api.requests} >= {"250", "50"}


def test_conversions_are_the_goals_of_vk_and_a_missing_figure_is_never_zero() -> None:
    row = statistics_row({"date": LAST, "base": {"goals": 0, "vk": {"goals": 3}}})
    assert row["conversions"] == "3"
    assert row["impressions"] is row["clicks"] is row["spent"] is None
    assert statistics_row({"date": LAST, "base": {"goals": 7}})["conversions"] is None


def test_odd_ads_are_loaded_like_any_other(vk: VkAccount, world: World) -> None:
    """A group with the number 0, an old ad that names its group otherwise, and three that lead to no site."""
    vk.api = VkAdsApi.of(world, oddities=True)
    rows = vk.fetch().rows
    site = "https://afisha.example.invalid/odd"
    columns = ("ad_id", "ad_group_id", "ad_group_name", "link", "campaign_id")
    odd = {tuple(row[name] for name in columns) for row in rows if str(row["ad_id"]).startswith("26400000")}
    assert odd == {
        ("264000001", "0", "Группа ноль", f"{site}?utm_source=vk&utm_content=msk_01_10", "14000001"),
        ("264000002", "164000001", "Сообщество", "https://vk.com/club1", "14000001"),
        ("264000003", "164000002", "Только клип", "", "14000001"),
        ("264000004", "164000003", "Макросы зрителя", site, "14000001"),
        ("264000005", "164000004", "Форма с метками", "leadads://1000201/14/", "14000001"),
        ("264000006", "164000005", "Старый баннер", f"{site}?a=1#kupit", "14000001"),
    }


def test_no_secret_is_in_rows_settings_or_marks(vk: VkAccount, caplog: pytest.LogCaptureFixture) -> None:
    told = repr(vk.fetch().rows) + caplog.text
    assert "statistics" in told and VK_CLIENT_ID not in told, "the log is caught"
    settings = vk.settings(vk.api, vk_token=f"a-secret-{MARK}")
    assert MARK not in told + repr(settings) + credential(settings) + reads(settings)
    several = ({}, {"vk_client_id": "another"}, {"vk_agency_client": "1"}, {"vk_agency_client": "2"})
    assert len({credential(vk.settings(vk.api, **one)) for one in several}) == len(several)


def test_every_figure_of_the_legacy_api_is_the_ground_truth(old: VkAccount, world: World) -> None:
    """Of deleted ads too. No token is in an address, which ends in logs."""
    old.api = VkLegacyApi(Cabinet.of(world))
    for number in old.cabinet.banners:
        old.cabinet.delete(number)
    fetched = old.fetch(FORTNIGHT)
    delivered = {key: figures for key, figures in by_key(fetched.rows).items() if figures[0]}
    assert delivered == ad_truth.facts(world, "vk_ads", FORTNIGHT.first, FORTNIGHT.last, groups=False)
    assert {(row["account_id"], row["currency"]) for row in fetched.rows} == {(str(VK_ACCOUNT_ID), "RUB")}
    assert (fetched.warnings, fetched.notes, fetched.marks) == ((), (), (f"legacy {VK_ACCOUNT_ID}",))
    assert {(request.method, request.query) for request in old.api.requests} == {("POST", "")}


def test_a_legacy_api_without_statistics_of_anybody_removes_nothing(old: VkAccount) -> None:
    """Seen since 2022. A row of zeros for every ad would undo all that was loaded."""
    old.api.switches.statistics = "empty"
    fetched = old.fetch()
    told = ("VK (legacy API) has no statistics at all of 4 ads; what was loaded stays",)
    assert (list(fetched.rows), fetched.notes) == ([], told)


def ads(rows: Any) -> set[int]:
    return {int(row["ad_id"]) for row in rows}


@pytest.mark.parametrize("mode", ["insert", "remove"])
def test_a_list_that_shifts_between_two_pages_is_never_short_unseen(vk: VkAccount, mode: str) -> None:
    """An ad that leaves the first page moves another out of the second, and the sums are right all the same."""
    only(vk.cabinet, 120)
    vk.api.faults.add("drift", path("banners"), after=1, mode=mode)
    error = vk.refused()
    assert ("banners but sent" in str(error), error.transient) == (True, True)
    assert ads(vk.fetch().rows) == set(vk.cabinet.banners), "the next fetch finds the list at rest"


def test_parents_that_a_list_lacks_are_requested_by_id(vk: VkAccount) -> None:
    """One is missing from the list, for a moment or for good: its ads are not booked on campaign 0."""
    vk.api.switches.list_cap = 250
    group = next(group for group in vk.cabinet.groups.values() if group.id != vk.cabinet.banners[1001].group_id)
    group.campaign_id = max(vk.cabinet.campaigns)
    vk.cabinet.banners[1004] = replace(vk.cabinet.banners[1004], group_id=group.id)

    def less(reply: Any) -> None:
        left = [item for item in reply["items"] if item["id"] != group.id]
        reply.update(items=left, count=reply["count"] - len(reply["items"]) + len(left))

    vk.edit(path("ad_groups"), less, times=1)
    fetched = vk.fetch(vk_page_size=250)
    assert [r.params["_id__in"] for r in vk.api.requests if "_id__in" in r.params] == [str(group.id)]
    assert fetched.warnings == ()
    right = {row["ad_id"]: row["campaign_id"] for row in fetched.rows}
    assert right["1004"] == str(group.campaign_id)
    vk.edit(path("ad_groups"), less)
    fetched = vk.fetch(vk_page_size=250)
    assert spent(fetched.rows) == 800
    assert {row["ad_id"]: row["campaign_id"] for row in fetched.rows} == right | {"1004": None}
    assert fetched.warnings == ("VK Ads did not tell the campaign or group of 1 ad; what was known stays",)


LONG = "https://a.example/?utm_content=msk&x=" + "x" * 10_000
ENABLED = {"enable_utm": True}


@pytest.mark.parametrize(
    ("read", "value", "found"),
    [
        # A part of a link would be another link; a clip leads nowhere.
        (name_of, "n" * 2**16, "n" * 1000), (link_of, {"urls": {"primary": {"url": LONG}}}, None), (link_of, {"urls": {}}, ""),
        # Tags and a currency are read, or else not guessed.
        (tags_of, ENABLED | {"utm": "a=1"}, ("true", "a=1")), (tags_of, {"enable_utm": "false", "utm": "a=1"}, ("false", "a=1")),
        (tags_of, ENABLED | {"utm": {"utm_source": "vk", "utm_term": "a b"}}, ("true", "utm_source=vk&utm_term=a+b")),
        *((tags_of, lacking, None) for lacking in (ENABLED, {"utm": "a=1"}, ENABLED | {"utm": "a=1&" * 2_501})),
        (currency_of, {"currency": None, "account": {"currency": "kzt "}}, "KZT"), (currency_of, {"currency": "roubles"}, None),
        # An id, in every plain form.
        (whole, " 5 ", 5), (whole, "5.0", 5), (whole, "0", 0), (whole, 9_007_199_254_740_993, 9_007_199_254_740_993),
        *((whole, odd, None) for odd in ("9007199254740993.0", "5.5", -5, True, "1e400", float("inf"), "9" * 5000, None)),
    ],
)  # fmt: skip
def test_a_value_is_read_in_every_plain_form_or_is_none(read: Callable[[Any], Any], value: Any, found: Any) -> None:
    assert read(value) == found
