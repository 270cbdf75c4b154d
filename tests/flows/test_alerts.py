"""Which runs of Prefect tell of their end, and in what words."""

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
from flows.quality import alert_unless_sent
from tasks.alerts.alert import Trouble
from tasks.errors import SettingsError, SourceError, ZakazError
from tasks.quality.checks import Check, Result
from tasks.quality.run import ChecksBroken
from tests.flows.test_runs import ATTACK

ROOT = Path(__file__).parents[2]
CHECK = Check("spend", "All spend is there", "Budgets hang on it", "fail", ("direct",), {}, None, "")


FLOW: Any = SimpleNamespace(name="quality")


def flow_run(**values: Any) -> Any:
    made = {"id": uuid4(), "flow_id": uuid4(), "name": "quality 2025-11-20", "tags": ["zakaz", "quality"]}
    return SimpleNamespace(**made | {"parent_task_run_id": None, "parameters": {}} | values)


def test_a_run_with_unreadable_settings_leaves_the_message_to_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
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
    monkeypatch.setattr(hooks, "load_settings", lambda: SimpleNamespace(zakaz_language="ru"))
    monkeypatch.setattr(hooks, "block_channel", lambda _settings: None)
    monkeypatch.setattr(hooks, "stake_of", lambda *_: "")
    monkeypatch.setattr(hooks, "fire", lambda _settings, trouble, _channel, **_: fired.append(trouble))
    monkeypatch.setattr(hooks, "resolve", lambda _settings, key, _channel: resolved.append(key))
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
    given = {"flow_run": run, "address": address}
    text = render_user_template_sync(body.replace("flow_run | ui_url", "address"), given)
    assert "spring" in text and text.count("://") == 1
    assert not re.search("[@<>]", text)
    assert len(text) < 1_400
