"""The morning message reaches a receiver through the real library, once a day, with the figures of the truth or none."""

import base64
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from apprise.plugins.telegram import NotifyTelegram
from pydantic import SecretStr

from tasks.alerts.channel import Channel
from tasks.alerts.history import undelivered
from tasks.digest import morning, sending
from tasks.digest.message import LONGEST, message_of
from tasks.digest.morning import Campaign, Morning
from tasks.digest.sending import NotDelivered, send_digest
from tasks.load.frames import select
from tasks.load.sql import sql_text
from tasks.load.warehouse import warehouse
from tasks.quality.checks import Finding, checks
from tasks.report.figures import Sums
from tasks.settings import Settings
from tests.flows.ad_truth import with_vat
from tests.quality.healthy import TODAY, Lines, Truth, make_marts, noon, stand, warehouse_in
from tests.support.receiver import Receiver
from tests.tasks.load.engines import _no_flow_run, embedded
from tests.tasks.test_harmless import units

__all__ = ["_no_flow_run"]
YESTERDAY, BEFORE = TODAY - timedelta(days=1), TODAY - timedelta(days=8)
PNG = b"\x89PNG"


@pytest.fixture(autouse=True)
def _that_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "moscow_today", lambda: TODAY)
    monkeypatch.setattr(NotifyTelegram, "request_rate_per_sec", 0)


@pytest.fixture
def settings(make_settings: Any, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """To a program and to a chat of Telegram."""
    monkeypatch.setattr(NotifyTelegram, "notify_url", f"{receiver.url}bot")
    host = receiver.url.removeprefix("http://")
    made = make_settings(digest_to=f"json://{host}morning/, tgram://17:s3cretS3cretS3cretS3cret/100500/")
    with warehouse(embedded(made)):  # Held open: where none is, the engine starts anew with each connection.
        yield made


def known(truth: Truth, day: date) -> tuple[int, int, int]:
    """Net revenue and spend in whole roubles, and tickets, from the truth."""
    on_day = pl.col("booked_at").dt.convert_time_zone("Europe/Moscow").dt.date() == day
    sold = truth.tickets_at(noon(TODAY)).filter(on_day, pl.col("state").is_in(["paid", "refunded"]), currency="RUB")
    facts = truth.facts_at(noon(TODAY)).filter(stat_date=day).select("spent", "spent_has_vat")
    spend = sum(spent if has_vat else with_vat(spent, day) for spent, has_vat in facts.iter_rows())
    return round(sold["amount"].sum() - sold["refunded_amount"].sum()), round(spend), sold["quantity"].sum()


def money(text: str, word: str) -> int:
    found = re.search(rf"(?m)^{word} ([\d\s]+?)\s₽", text)
    assert found, text
    return int(re.sub(r"\s", "", found[1]))


def test_only_days_that_all_accounts_have_are_compared_with(tmp_path: Path) -> None:
    lines, first = Lines(), TODAY - timedelta(days=30)
    lines.sell(1, first, 1, 500)
    lines.spend(1, first, 100)
    lines.spend(2, BEFORE, 100, account="spb")
    with warehouse_in(tmp_path) as client:
        lines.put(client)
        assert select(client, sql_text("report/basis.sql")).select("since", "all_since").row(0) == (first, BEFORE)


def test_it_reaches_all_once_with_picture_and_true_figures_and_with_a_broken_check_without_any(
    settings: Settings, tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = ("good_run_by_ten", "reconcile_marketing", "totals_ads", "totals_sales")
    monkeypatch.setattr(morning, "checks", lambda: [one for one in checks() if one.name in some])
    truth = Truth.of(noon(TODAY), 45, 0.5)
    with warehouse_in(tmp_path) as client:
        stand(client, truth, noon(TODAY))
    assert send_digest(settings, None) == "Утренняя сводка отправлена, получателей: 2."
    assert send_digest(settings, None) == "Сегодняшняя утренняя сводка уже отправлена."

    (_, told), (path, photo) = receiver.requests
    assert told["title"] == f"Вчера, ср {YESTERDAY:%d.%m}"
    assert path == "/bot17:s3cretS3cretS3cretS3cret/sendPhoto"
    assert photo["photo"].startswith(PNG) and base64.b64decode(told["attachments"][0]["base64"]).startswith(PNG)
    text = told["message"]
    net, spend, tickets = known(truth, YESTERDAY)
    assert (money(text, "Продажи"), money(text, "Реклама")) == (net, spend)
    assert re.search(rf"\), {tickets} билет", text)
    change = round((net / known(truth, BEFORE)[0] - 1) * 100)
    assert text.startswith(f"В скобках — против ср {BEFORE:%d.%m}\nПродажи ")
    assert f"({'−' if change < 0 else '+'}{abs(change)}\N{NO-BREAK SPACE}%), {tickets}" in text
    assert "Данные полные, проверки сошлись." in text
    assert "Продажи" in photo["caption"] and len(photo["caption"]) <= 1024

    receiver.requests.clear()
    with warehouse(settings) as client:
        client.command(f"DELETE FROM fact_vk_ads_daily WHERE stat_date = '{YESTERDAY}'")
        make_marts(client)
    assert settings.digest_to
    elsewhere = settings.digest_to.get_secret_value().replace("/100500/", "/200600/")
    others = settings.model_copy(update={"digest_to": SecretStr(elsewhere)})
    receiver.status = 500
    with pytest.raises(NotDelivered, match="1 of 2"):
        send_digest(others, None)
    with warehouse(settings) as client:
        assert undelivered(client)["error"].to_list() == ["tgram did not take it"]

    receiver.status = 200
    for _ in range(2):
        send_digest(others, None)
    ((path, told),) = receiver.requests
    assert path.endswith("/sendMessage"), "no picture of figures that may be wrong"
    assert told["chat_id"] == 200600
    assert f"Цифрам за ср {YESTERDAY:%d.%m} пока не верьте" in told["text"]
    assert f"VK Ads: за {YESTERDAY:%d.%m} не сходится с кабинетом" in told["text"]
    assert "Что делать: " in told["text"]
    assert not re.search("Продажи|ROMI|плюсе", told["text"])
    with warehouse(settings) as client:
        assert undelivered(client).is_empty()


@pytest.fixture
def unjudged(monkeypatch: pytest.MonkeyPatch) -> None:
    """For what has nothing to do with checks."""
    monkeypatch.setattr(morning, "judge_all", lambda *_: [])


@pytest.mark.usefixtures("unjudged")
def test_of_many_campaigns_the_worst_are_told_harmlessly(tmp_path: Path, settings: Any, receiver: Receiver) -> None:
    """One source, no sales in roubles, no show. By hand: campaign n cost n times ten roubles."""
    name = '«Песня» "и" <b>танец</b> @all 💃 [x](http://evil.com) {{secret}}'
    with warehouse_in(tmp_path) as client:
        lines = Lines()
        for n in range(1, 301):
            lines.spend(n, YESTERDAY, 10 * n, campaign_name=f"{n} {name}")
        lines.spend(999, YESTERDAY, 5000, campaign_name="Алматы", utm_campaign="kz")
        lines.sell(0, YESTERDAY, 3, 9000, currency="KZT", utm_source="vk", utm_campaign="kz")
        lines.put(client)
    send_digest(settings, None)
    text = receiver.requests[0][1]["message"].replace("\N{NO-BREAK SPACE}", " ")
    assert text.startswith(
        "Продажи 0 ₽, 0 билетов\nРеклама 456 500 ₽\nROMI рекламы: продажи в KZT, в ₽ не сравнить\n"
        "Сравнить пока не с чем: день неделю назад есть не у всех кабинетов.\n\N{BRAILLE PATTERN BLANK}\n"
    )
    shown = '«Песня» "и" ‹b›танец‹∕b› ＠all 💃'
    assert f"В минусе, с начала кампании:\n−3 000 ₽ VK Ads «300 {shown}" in text
    assert f"\n−2 990 ₽ VK Ads «299 {shown}" in text
    assert "Ещё 1 кампания: продажи в KZT, в ₽ не сравнить" in text and "Алматы" not in text
    assert "В плюсе" not in text and "://" not in text and "evil.com" not in text and "{{" not in text
    assert receiver.requests[1][0].endswith("/sendPhoto")


@pytest.mark.usefixtures("unjudged")
def test_a_run_that_dies_while_it_sends_is_tried_once_more(make_settings: Any, monkeypatch: Any) -> None:
    """In a warehouse that is empty yet."""
    sent: list[str] = []

    def die(subject: str, _body: str) -> None:
        sent.append(subject)
        raise KeyboardInterrupt

    def run() -> None:
        with suppress(KeyboardInterrupt):
            send_digest(make_settings(), Channel("chat", die))

    for _ in range(2):
        run()
    assert len(sent) == 1, "another run may be sending"
    monkeypatch.setattr(sending, "_LONGEST_SENDING", timedelta(0))
    for _ in range(3):
        run()
    assert sent == ["Данных пока нет"] * 2, "in doubt twice, and never a third time"


def test_on_any_morning_it_fits_under_a_picture() -> None:
    many = tuple(Campaign("direct", "spb", "имя " * 99, Decimal(10**12)) for _ in range(2))
    some, none = (Sums(tickets, Decimal(0), Decimal(0)) for tickets in (10**6, 0))
    full = Morning(YESTERDAY, "RUB", BEFORE, yesterday=some, before=none, best=many, worst=many, hindered=3)
    first = Morning(YESTERDAY, "RUB", TODAY)
    made_up = replace(full, is_made_up=True)
    assert message_of(made_up, "ru")[1].split("\n")[0] == "Выдуманные данные (песочница)"
    lacking = next(check for check in checks() if check.name == "completeness_sales")
    words = "QTickets: нет продаж"
    odd = tuple(
        Finding(lacking, "", "warn", "qtickets", "main", day, None, "", words) for day in (YESTERDAY, BEFORE)
    )
    for of_day, told in (
        (odd, f"неполными: {words}\nМелких замечаний к данным: 1."),
        (odd[1:], "Мелких замечаний к данным: 1."),
    ):
        text = message_of(replace(full, odd=of_day, hindered=0), "ru")[1]
        assert told in text and "Данные полные" not in text and text.count("неполными") == len(of_day) - 1
    for language in ("ru", "en"):
        assert units("".join(message_of(full, language))) <= LONGEST
    check = replace(checks(folder="attention")[0], name="slow")
    found = tuple(
        Finding(check, f"{n}", "warn", "", "", None, Decimal(5), f"A show {n} {'is slow ' * 30}", "")
        for n in range(27)
    )
    for filler in range(1, 99, 7):
        busy = replace(made_up, best=(replace(many[0], name="имя " * filler),), worst=(), attention=found)
        text = message_of(busy, "en")[1]
        assert text.count("A show") + int(re.findall(r"and (\d+) more: zakaz attention", text)[0]) == 27
    assert message_of(first, "ru")[1] == f"За вчера данных нет: они начинаются чт {TODAY:%d.%m}."
