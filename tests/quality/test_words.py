"""Figures, days and reasons as people read them, how findings become one message, and whether yesterday is complete: that
is answered for each account, by who has read it and what was found of it."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from tasks.load.warehouse import warehouse
from tasks.quality import complete
from tasks.quality.checks import Check, Finding, Result, checks
from tasks.quality.complete import answers, question
from tasks.quality.findings import Kept, worst_first
from tasks.quality.incidents import incidents
from tasks.quality.words import filled
from tasks.settings import Settings
from tasks.translation import retold
from tests.tasks.load.engines import embedded, put
from validation.ads import raw_direct, raw_vk
from validation.qtickets import raw_orders

ROW = {
    "source": "vk_ads", "account": "main", "held": Decimal("28204.10"), "total": Decimal("28204.40"),
    "spent": 28204.1, "none": Decimal(0), "empty": "", "ad_id": 739574000010, "day": date(2024, 12, 31),
    "at": datetime(2025, 11, 20, 22, 30, tzinfo=UTC), "thing": "vat 2019-01-01", "reason": "price is negative",
}  # fmt: skip


def test_values_are_written_as_people_read_them() -> None:
    for sentence, words, words_ru in (
        ("{who}: {spent} ₽", "VK Ads: 28,204 ₽", "VK Ads: 28 204 ₽"),
        ("{held} of {total}", "28,204.10 of 28,204.40", "28 204,10 of 28 204,40"),  # Rounded they are the same.
        (
            "a[, {held} not {total}][, {none} ₽][, {empty}]",
            "a, 28,204.10 not 28,204.40",
            "a, 28 204,10 not 28 204,40",
        ),
        ("a[, {held} not {spent}][, {none} {thing}][, {day}]", "a, 2024-12-31", "a, 31.12.2024"),
        ("{ad_id} {at}", "739574000010 2025-11-21 01:30", "739574000010 21.11 01:30"),
        ("{thing}, {empty}, {missing}", "vat 2019-01-01, none, {missing}", "vat 01.01.2019, нет, {missing}"),
        ("{reason}", "price is negative", "цена: отрицательное число"),
    ):
        told = [
            filled(sentence, ROW, language, 2025).replace("\N{NO-BREAK SPACE}", " ") for language in ("en", "ru")
        ]
        assert told == [words, words_ru]


def test_every_reason_of_a_rejected_row_has_russian_words() -> None:
    for schema in (raw_orders, raw_direct, raw_vk):
        columns = [f"{name} {check.error}" for name, column in schema.columns.items() for check in column.checks]
        for reason in [*columns, *(check.error for check in schema.checks)]:
            words = filled("{reason}", {"reason": reason}, "ru")
            assert re.search("[а-я]", words), reason
            assert not re.search(r"\bis\b|\bbut\b", words), words
            assert re.search("[а-я]", retold(reason, "ru")), reason


DAY = Kept(
    *("totals", "vk_ads/spb/1", *[datetime(2025, 11, 20, tzinfo=UTC)] * 2, None, "open", "fail", "exact"),
    *("vk_ads", "spb", date(2025, 11, 18), Decimal(7), "VK Ads spb: 2025-11-18 is 7 ₽ off", "", "run"),
)


def test_of_findings_nothing_is_said_twice_and_days_alone_make_no_lines() -> None:
    twice = replace(DAY, check_name="twice", severity="warn", money=None, day=None, what="VK Ads spb: odd")
    others = [
        replace(DAY, finding="2", day=date(2025, 11, 19), what="VK Ads spb: 2025-11-19 is 7 ₽ off"),
        *(replace(DAY, finding=f"{n}", day=None, what=f"VK Ads spb: ad {n} is odd") for n in range(3, 7)),
        *(twice, replace(twice, finding="b")),
    ]
    (trouble,) = incidents([DAY, *others], [], "en")
    assert trouble.title == "WRONG: VK Ads spb: 2025-11-18 – 2025-11-19 is 7 ₽ off"
    lines = ["• ad 3 is odd", "• ad 4 is odd", "  and 2 more", "• odd", "Days: 2025-11-18 – 2025-11-19."]
    assert trouble.body.split("\n")[:6] == [*lines, "It is about up to 42 ₽."]
    long = replace(DAY, what=f"VK Ads spb: {'a' * 200}")
    assert incidents([long], [], "en")[0].body.startswith("• aaa"), "a title that is cut is said below, too"


OFF = "VK Ads spb: 2025-11-18 is 9 ₽ off"
LOST = replace(DAY, check_name="totals_ads", finding="vk_ads/spb/2025-11-18", what=OFF, money=Decimal(9))
REPORT = replace(
    DAY, check_name="reconcile_marketing", finding="vk_ads/2025-11-18", what="VK Ads: the report is off"
)
REPORT = replace(REPORT, account="", money=Decimal(99))
TICKETS = replace(LOST, source="qtickets", account="main", check_name="memory_sales")


def test_a_report_that_is_off_because_rows_are_is_told_beneath_them() -> None:
    """In one message, which is not sent again for it. What has another cause has a message of its own."""
    campaigns = replace(REPORT, check_name="reconcile_campaigns", day=None)
    others = replace(REPORT, source="direct")
    for beside, messages, is_beneath in (
        ([REPORT], 1, True), ([replace(REPORT, check_name="reconcile_shows", finding="vk_ads", day=None)], 1, True),
        ([replace(campaigns, finding="vk_ads//2025-11-01")], 1, True), ([TICKETS], 2, False), ([TICKETS, REPORT], 2, True),
        ([TICKETS, others], 2, False),  # Tickets are a part of each source's report.
        ([others], 2, False), ([replace(REPORT, day=date(2025, 11, 17))], 2, False),
        ([replace(campaigns, finding="vk_ads//2025-10-01")], 2, False),
        ([replace(REPORT, check_name="duplicates_marketing")], 2, False), ([replace(REPORT, source="")], 2, False),
    ):  # fmt: skip
        told = incidents([*beside, LOST], checks(), "en")
        (one,) = (one for one in told if one.key == "data of vk_ads spb")
        assert (len(told), REPORT.what in one.body) == (messages, is_beneath), beside
        assert one.title == "WRONG: VK Ads spb: 2025-11-18 is 9 ₽ off"
        assert one.fingerprint == incidents([LOST], checks(), "en")[0].fingerprint


def test_elsewhere_the_cause_stands_above_the_reports_too() -> None:
    late = replace(LOST, check_name="freshness_runs", story="loads", severity="warn", money=None)
    assert worst_first([late, REPORT, LOST], checks()) == [LOST, REPORT, late]


TODAY = date(2025, 11, 20)
YESTERDAY = TODAY - timedelta(days=1)
NAMED = {check.name: check for check in checks()}


def run(account: str, started: str, *days: int) -> dict[str, object]:
    """A good run of VK Ads in Moscow's morning or evening, whose window is from so many days ago to so many."""
    first, last = (TODAY - timedelta(days=number) for number in days)
    at = datetime.fromisoformat(f"{started}+03:00").astimezone(UTC).isoformat(" ", "milliseconds")[:23]
    window = f'{{"window": {{"first": "{first}", "last": "{last}"}}}}'
    run_id = {"job": "vk_ads_loader", "account": account, "run_id": f"{account} {started}"}
    return run_id | {"status": "success", "started_at": at, "finished_at": at, "metrics": window}


def found(name: str, account: str, severity: str, day: date = YESTERDAY) -> Result:
    check: Check = NAMED[name]
    one = Finding(check, account, severity, "vk_ads", account, day, Decimal(5), f"VK Ads {account}: {name}", "")
    return Result(check, "broken", 1, one.what, [], findings=(one,))


def test_each_account_has_an_answer_and_a_reason(
    make_settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("early", "half", "not", "odd", "other", "wrong", "yes")
    monkeypatch.setattr(complete, "set_up", lambda *_: [("vk_ads", name) for name in names])
    settings = embedded(make_settings())
    with warehouse(settings) as client:
        before_it_was_over = run("early", "2025-11-19 23:59", 3, 0)
        another_day = run("other", "2025-11-20 05:00", 9, 2)
        good = [run(name, "2025-11-20 00:01", 3, 1) for name in ("half", "odd", "wrong", "yes")]
        put(client, "meta_job_runs", before_it_was_over, another_day, *good)
    results = [
        found("totals_ads", "wrong", "fail"), found("totals_ads", "yes", "fail", YESTERDAY - timedelta(days=1)),
        found("volume_spend", "half", "warn"), found("spend_without_city", "odd", "warn"),
    ]  # fmt: skip
    told = {one.account: one for one in answers(settings, results, TODAY)}
    assert {name: one.told("en") for name, one in told.items()} == {
        "early": "not yet", "half": "look", "not": "not yet", "odd": "yes", "other": "not yet", "wrong": "no",
        "yes": "yes",
    }  # fmt: skip
    assert told["wrong"].why("en") == "VK Ads wrong: totals_ads"
    assert told["wrong"].remedy("ru") == NAMED["totals_ads"].do_ru
    assert told["not"].why("ru") == "VK Ads not: после окончания дня не загружалось"
    assert told["not"].remedy("ru") == "zakaz load vk_ads --account not"
    assert (told["yes"].why("en"), told["yes"].remedy("en")) == ("VK Ads yes", "")
    assert question(TODAY, "ru") == "Вчерашний день, 19.11, загружен полностью?"
    hindered = Result(NAMED["totals_ads"], "unjudged", 0, "it took too long", [], hindered=True)
    doubted = {one.account: one.told("en") for one in answers(settings, [hindered], TODAY)}
    assert (doubted["yes"], doubted["early"]) == ("look", "not yet"), "what nobody could compare is no yes"
