"""A failed run of Prefect is told once through a real notification block, and so is that it is resolved."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
import yaml
from prefect.blocks.core import Block
from prefect.blocks.notifications import SlackWebhook
from prefect.server.utilities.user_templates import render_user_template_sync
from prefect.states import Completed, Failed
from pydantic import SecretStr

from flows import hooks
from flows.backfill import backfill
from flows.hooks import CANNOT_TELL, address_of, message_of, run_failed, run_recovered
from flows.qtickets import qtickets
from flows.quality import _alert_unless_sent
from ops.server.blocks import apply_blocks
from tasks.alerts.alert import Alert, Trouble, opened
from tasks.alerts.block import block_channel
from tasks.alerts.sending import deliver
from tasks.errors import SettingsError, SourceError, ZakazError
from tasks.quality.checks import Check, Result
from tasks.quality.run import ChecksBroken
from tasks.settings import Settings
from tests.flows.conftest import Scene
from tests.flows.test_runs import ATTACK
from tests.support.prefect_server import PrefectServer
from tests.support.receiver import Receiver

ROOT = Path(__file__).parents[2]
BLOCK = "custom-webhook/zakaz-alerts"
CHECK = Check("spend", "All spend is there", "Budgets hang on it", "fail", ("direct",), {}, None, "")
_NOW = datetime(2025, 11, 20, 7, tzinfo=UTC)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def told(prefect: PrefectServer, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> Receiver:
    """The block of the settings is made, as `zakaz blocks` does."""
    monkeypatch.setenv("ZAKAZ_ALERT_BLOCK", BLOCK)
    apply_blocks(Settings(_env_file=None, zakaz_alert_block=BLOCK, alert_url=receiver.url))
    return receiver


def test_a_failed_run_is_told_once_and_that_it_is_resolved_once(
    open_days: Scene, told: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = open_days.product.settings.qtickets_token
    assert right
    monkeypatch.setenv("QTICKETS_TOKEN", "wrong")
    first = qtickets(**open_days.days, return_state=True)
    qtickets(**open_days.days, return_state=True)
    assert len(told.messages) == 1
    title, essence, run, address = told.messages[0].split("\n")
    assert title == "Zakaz: qtickets failed"
    assert "QTICKETS_TOKEN" in essence, "it says what to do"
    assert run == f"Run: qtickets from {open_days.window.first} to {open_days.window.last}"
    assert str(first.state_details.flow_run_id) in address, "and which run it was"

    backfill("qtickets", open_days.window.first, open_days.window.last, return_state=True)
    assert [text.split("\n")[0] for text in told.messages[1:]] == ["Zakaz: backfill failed"], (
        "its window tells nothing"
    )

    monkeypatch.setenv("QTICKETS_TOKEN", right.get_secret_value())
    for _ in range(2):
        assert qtickets(**open_days.days, return_state=True).is_completed()
    assert [text.split("\n")[0] for text in told.messages[2:]] == ["Zakaz: Resolved: qtickets failed"]
    rows = open_days.product.select(
        "SELECT trouble, closed_at IS NULL, delivered FROM meta_alerts ORDER BY trouble"
    )
    assert rows.rows() == [("run backfill", 1, 1), ("run qtickets", 0, 1)]


def test_an_alert_that_cannot_be_delivered_fails_nothing_and_is_recorded_without_the_address(
    open_days: Scene, told: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    told.status = 403
    monkeypatch.setenv("QTICKETS_TOKEN", "wrong")
    state = qtickets(**open_days.days, return_state=True)
    assert "QTICKETS_TOKEN" in str(state.message)
    assert open_days.product.select("SELECT error, delivered FROM meta_alerts").rows() == [
        ("HTTPStatusError 403", 0)
    ]


FLOW: Any = SimpleNamespace(name="quality")


def flow_run(**values: Any) -> Any:
    made = {"id": uuid4(), "flow_id": uuid4(), "name": "quality 2025-11-20", "tags": ["zakaz", "quality"]}
    return SimpleNamespace(**made | {"parent_task_run_id": None} | values)


@pytest.mark.parametrize(
    "wrong", [{"QTICKETS_RATE": "fast"}, {"ZAKAZ_ENV": "/nowhere/.env"}, {"CLICKHOUSE_DATABASE": "-"}]
)
def test_a_run_whose_settings_cannot_be_read_leaves_the_message_to_the_server(
    monkeypatch: pytest.MonkeyPatch, wrong: dict[str, str]
) -> None:
    for name, value in wrong.items():
        monkeypatch.setenv(name, value)
    events: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(hooks, "emit_event", lambda event, **more: events.append((event, more)))
    run = flow_run()

    run_failed(FLOW, run, Failed(data=SettingsError("The setting is wrong: see the manual.")))
    run_recovered(FLOW, run, Completed())

    ((event, more),) = events
    assert event == CANNOT_TELL
    assert CANNOT_TELL in (ROOT / "automations.yaml").read_text("utf-8")
    assert more["resource"]["prefect.resource.id"] == f"prefect.flow-run.{run.id}"
    assert more["payload"] == {"message": "The setting is wrong: see the manual."}
    assert {"prefect.resource.id": "prefect.tag.zakaz", "prefect.resource.role": "tag"} in more["related"]


def test_which_runs_tell_and_in_whose_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a run within another the outer one tells; of broken checks people were told one by one."""
    fired: list[Trouble] = []
    resolved: list[str] = []
    for name, stand_in in {
        "load_settings": lambda: None,
        "block_channel": lambda _settings: None,
        "fire": lambda _settings, trouble, _channel: fired.append(trouble),
        "resolve": lambda _settings, key, _channel: resolved.append(key),
    }.items():
        monkeypatch.setattr(hooks, name, stand_in)
    broken = ChecksBroken([Result(CHECK, "broken", 1, "a day is missing", [])])

    run_failed(FLOW, flow_run(parent_task_run_id=uuid4()), Failed(data=SourceError("VK answered 403.")))
    run_recovered(FLOW, flow_run(parent_task_run_id=uuid4()), Completed())
    run_recovered(FLOW, flow_run(), Completed(name=hooks.SKIPPED))
    assert (fired, resolved) == ([], [])
    _alert_unless_sent(FLOW, flow_run(), Failed(data=ZakazError("The warehouse cannot be reached.")))
    _alert_unless_sent(FLOW, flow_run(), Failed(data=broken))
    run = flow_run(name=ATTACK)
    run_failed(FLOW, run, Failed(data=SourceError("VK answered 403."), message="Worded anew by Prefect 4."))
    assert [trouble.essence for trouble in fired] == ["The warehouse cannot be reached.", "VK answered 403."]
    assert resolved == ["run quality"]
    assert fired[1].footer.split("\n")[1:] == [address_of(run)], "a name of a run is one line"
    assert message_of(Failed(message="The infrastructure did not start.")) == "The infrastructure did not start."


def test_telegram_takes_the_message_and_a_changed_address_is_taken_over(
    prefect: PrefectServer, receiver: Receiver
) -> None:
    chat = {"alert_telegram_token": "12345:bot", "alert_telegram_chat": "-100", "zakaz_alert_block": BLOCK}
    for address in ("http://127.0.0.1:9", receiver.url.rstrip("/")):
        assert apply_blocks(Settings(_env_file=None, alert_telegram_base_url=address, **chat)) == BLOCK  # type: ignore[arg-type]

    block: Any = Block.load(BLOCK)
    block.notify(body="details", subject="Zakaz: it failed")

    body = {"chat_id": "-100", "text": "Zakaz: it failed\ndetails", "link_preview_options": {"is_disabled": True}}
    assert receiver.requests == [("/bot12345:bot/sendMessage", body)]
    assert "12345:bot" not in repr(block)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "ZAKAZ_ALERT_BLOCK is missing"),
        ({"zakaz_alert_block": "custom-webhook/x"}, "ALERT_URL is missing"),
        (
            {"zakaz_alert_block": "custom-webhook/x", "alert_telegram_token": "1:a"},
            "ALERT_TELEGRAM_CHAT is missing",
        ),
        (
            {"zakaz_alert_block": "slack-webhook/x", "alert_url": "http://a"},
            "does not begin with https://hooks.slack",
        ),
        ({"zakaz_alert_block": "pager-duty-webhook/x", "alert_url": "http://a"}, "which Zakaz does not make"),
    ],
)
def test_a_missing_or_wrong_setting_is_named(settings: dict[str, str], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        apply_blocks(Settings(_env_file=None, **settings))  # type: ignore[arg-type]


def test_a_block_that_is_not_there_is_named(prefect: PrefectServer) -> None:
    channel = block_channel(Settings(_env_file=None, zakaz_alert_block="custom-webhook/nowhere"))
    assert channel
    with pytest.raises(ZakazError, match="Create it with `zakaz blocks`"):
        channel.check()
    assert block_channel(Settings(_env_file=None)) is None


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")
@pytest.mark.parametrize("status", [200, 500])
def test_slack_gets_no_mention_and_no_link_and_its_refusal_is_noted(
    monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    """Its block turns Markdown into Slack's own, mentions included, and raises for nothing unless it is told to."""
    sent: list[str] = []

    def request(_method: str, _url: str, data: str, **_more: Any) -> SimpleNamespace:
        sent.append(data)
        return SimpleNamespace(status_code=status, content=b"ok", text="ok")

    monkeypatch.setattr("apprise.plugins.slack.requests.request", request)
    url = SecretStr("https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ")
    monkeypatch.setattr("tasks.alerts.block._load", lambda _name: SlackWebhook(url=url))
    trouble = Trouble("k", f"failed {ATTACK}", "e", f"{ATTACK} <#C1> !channel> @U1JJ3T3L2>")
    alert: Alert = opened(trouble, _NOW)

    channel = block_channel(Settings(_env_file=None, zakaz_alert_block="slack-webhook/zakaz"))
    assert deliver(alert, channel).delivered == (status == 200)
    (text,) = sent
    assert "spring" in text
    assert not re.search(r"<|https?://evil|@", text)


def test_the_servers_own_messages_hold_no_link_and_mention_of_a_state() -> None:
    body = yaml.safe_load((ROOT / "automations.yaml").read_text("utf-8"))["definitions"]["tell"]["body"]
    run = SimpleNamespace(name="qtickets 2 days", state=SimpleNamespace(message=ATTACK * 900))
    address = "https://prefect.example.ru/runs/flow-run/1"
    text = render_user_template_sync(
        body.replace("flow_run | ui_url", "address"), {"flow_run": run, "address": address}
    )

    assert "spring" in text
    assert text.count("://") == 1
    assert not re.search("[@<>]", text)
    assert len(text) < 1_400
