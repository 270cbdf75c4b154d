"""Whether yesterday is complete is answered for each account: by who has read it, and what was found of it."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from tasks.load.warehouse import warehouse
from tasks.quality import complete
from tasks.quality.checks import Check, Finding, Result, checks
from tasks.quality.complete import answers, question
from tasks.settings import Settings
from tests.tasks.load.engines import embedded, put

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
