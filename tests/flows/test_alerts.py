"""A failed run of Prefect is told once through a real notification block, and so is that it is resolved."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
import yaml
from prefect.server.utilities.user_templates import render_user_template_sync
from prefect.states import Completed, Failed

from flows import hooks
from flows.hooks import CANNOT_TELL, address_of, run_failed, run_recovered
from flows.qtickets import qtickets
from flows.quality import alert_unless_sent
from tasks.alerts.alert import Trouble
from tasks.errors import SettingsError, SourceError, ZakazError
from tasks.quality.checks import Check, Result
from tasks.quality.run import ChecksBroken
from tests.flows.conftest import Scene
from tests.flows.test_runs import ATTACK
from tests.support.receiver import Receiver

ROOT = Path(__file__).parents[2]
CHECK = Check("spend", "All spend is there", "Budgets hang on it", "fail", ("direct",), {}, None, "")


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
    assert title == "Zakaz: сбой — QTickets"
    assert "QTICKETS_TOKEN" in essence, "it says what to do"
    assert run == f"Запуск: qtickets from {open_days.window.first} to {open_days.window.last}"
    assert str(first.state_details.flow_run_id) in address, "and which run it was"

    monkeypatch.setenv("QTICKETS_TOKEN", right.get_secret_value())
    for _ in range(2):
        assert qtickets(**open_days.days, return_state=True).is_completed()
    assert [text.split("\n")[0] for text in told.messages[1:]] == ["Zakaz: Исправлено: сбой — QTickets"]
    rows = open_days.product.select("SELECT trouble, closed_at IS NULL, delivered FROM meta_alerts").rows()
    assert rows == [("run qtickets", 0, 1)]


FLOW: Any = SimpleNamespace(name="quality")


def flow_run(**values: Any) -> Any:
    made = {"id": uuid4(), "flow_id": uuid4(), "name": "quality 2025-11-20", "tags": ["zakaz", "quality"]}
    return SimpleNamespace(**made | {"parent_task_run_id": None, "parameters": {}} | values)


def test_a_run_whose_settings_cannot_be_read_leaves_the_message_to_the_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("QTICKETS_RATE", "fast")
    events: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(hooks, "emit_event", lambda event, **more: events.append((event, more)))
    run = flow_run()

    run_failed(FLOW, run, Failed(data=SettingsError("The setting is wrong: see the manual.")))
    run_recovered(FLOW, run, Completed())

    ((event, more),) = events
    assert event == CANNOT_TELL
    assert CANNOT_TELL in (ROOT / "automations.yaml").read_text("utf-8")
    assert more["payload"] == {"message": "The setting is wrong: see the manual."}
    assert {"prefect.resource.id": "prefect.tag.zakaz", "prefect.resource.role": "tag"} in more["related"]


def test_which_runs_tell_and_in_whose_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a run within another the outer one tells; of broken checks people were told one by one."""
    fired: list[Trouble] = []
    resolved: list[str] = []
    for name, stand_in in {
        "load_settings": lambda: SimpleNamespace(zakaz_language="ru"),
        "block_channel": lambda _settings: None,
        "stake_of": lambda *_: "",
        "fire": lambda _settings, trouble, _channel, **_: fired.append(trouble),
        "resolve": lambda _settings, key, _channel: resolved.append(key),
    }.items():
        monkeypatch.setattr(hooks, name, stand_in)
    broken = ChecksBroken([Result(CHECK, "broken", 1, "a day is missing", [])])

    run_failed(FLOW, flow_run(parent_task_run_id=uuid4()), Failed(data=SourceError("VK answered 403.")))
    run_recovered(FLOW, flow_run(parent_task_run_id=uuid4()), Completed())
    run_recovered(FLOW, flow_run(), Completed(name=hooks.SKIPPED))
    assert (fired, resolved) == ([], [])
    alert_unless_sent(FLOW, flow_run(), Failed(data=ZakazError("The warehouse cannot be reached.")))
    alert_unless_sent(FLOW, flow_run(), Failed(data=broken))
    run = flow_run(name=ATTACK)
    run_failed(FLOW, run, Failed(data=SourceError("VK answered 403."), message="Worded anew by Prefect 4."))
    assert [trouble.essence for trouble in fired] == ["The warehouse cannot be reached.", "VK answered 403."]
    assert resolved == ["run quality"]
    assert fired[1].footer.split("\n")[1:] == [address_of(run)], "a name of a run is one line"


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
