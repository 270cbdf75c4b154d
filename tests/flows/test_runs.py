"""What a person sees of a run in Prefect: names of tasks, cached fetches, retries, states, artifacts, subflows, one of each
account; deployments on a server that is not ours alone; and which runs tell of their end, in what words."""

import json
import os
import re
import time
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import httpx
import polars as pl
import pytest
import yaml
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey, FlowRunFilter, TaskRunFilter
from prefect.client.schemas.filters import FlowRunFilterParentFlowRunId as Parent
from prefect.client.schemas.filters import TaskRunFilterFlowRunId as OfRun
from prefect.client.schemas.objects import FlowRun, State, TaskRun
from prefect.server.utilities.user_templates import render_user_template_sync
from prefect.states import Completed, Failed, Pending, Running

from cli import machine
from flows import hooks, ingestion, load_report, quality
from flows.accounts import PART
from flows.backfill import FLOWS, backfill
from flows.hooks import CANNOT_TELL, address_of, run_failed, run_recovered
from flows.ingestion import _is_superseded, run_source
from flows.quality import alert_unless_sent
from flows.replay import replay
from flows.smoke import smoke
from flows.vk_ads import vk_ads
from flows.yesterday import yesterday
from ops.server import manifest
from ops.server.deployments import _refuse_strangers
from tasks.alerts.alert import Trouble
from tasks.errors import SettingsError, SourceError, ZakazError
from tasks.ingest import Report
from tasks.quality.checks import Check, Result
from tasks.quality.run import ChecksBroken
from tasks.settings import Settings
from tasks.sources import SOURCES
from tasks.sources.accounts import Account
from tasks.window import Window
from tests.flows import ad_truth, truth
from tests.flows.conftest import Scene
from tests.support.prefect_server import PrefectServer
from tests.support.receiver import Receiver
from tests.tasks.test_harmless import LINKED, UNSEEN, markdown, structure

STEPS = [
    "compare accounts", "fetch events {w}", "fetch orders {w}", "quarantine events", "quarantine orders",
    "refresh agg_ad_tags_daily", "refresh agg_marketing_daily", "refresh agg_shows_daily",
    "refresh agg_tags_monthly", "refresh reference tables", "refresh stg_qtickets_sales_raw",
    "transform to dim_events", "transform to dim_show_dates", "transform to dim_shows",
    "transform to meta_order_totals", "transform to stg_qtickets_tickets",
    "upsert dim_events", "upsert dim_show_dates", "upsert dim_shows", "upsert meta_order_totals",
    "upsert stg_qtickets_tickets", "validate events", "validate orders",
]  # fmt: skip


def run(source: str, scene: Scene, **options: Any) -> State[Any]:
    return FLOWS[source](**(scene.days | options), return_state=True)


def tasks_of(client: SyncPrefectClient, state: State[Any]) -> dict[str, TaskRun]:
    """Once the server has them all, which hears of tasks a moment later."""
    flow_run_id = state.state_details.flow_run_id
    assert flow_run_id
    wanted = TaskRunFilter(flow_run_id=OfRun(any_=[flow_run_id]))
    for _ in range(600):
        found = client.read_task_runs(task_run_filter=wanted)
        names = {one.name: one for one in found}
        done = len(found) >= 3 and all(one.state and one.state.is_final() for one in found)
        if done and (not state.is_completed() or any(name.startswith("quarantine") for name in names)):
            return names
        time.sleep(0.1)
    raise AssertionError([*names])


def artifact(client: SyncPrefectClient, key: str) -> str:
    wanted = ArtifactFilter(key=ArtifactFilterKey(any_=[key]))
    (found,) = client.read_artifacts(artifact_filter=wanted, sort="CREATED_DESC", limit=1)
    return str(found.data)


def within(state: State[Any]) -> dict[str, FlowRun]:
    """The runs within a run, by name."""
    assert state.state_details.flow_run_id
    with get_client(sync_client=True) as client:
        asked = FlowRunFilter(parent_flow_run_id=Parent(any_=[state.state_details.flow_run_id]))
        return {one.name: one for one in client.read_flow_runs(flow_run_filter=asked)}


def test_a_load_is_a_run_of_named_tasks_and_a_fetch_is_one_with_and_without_prefect(settled: Scene) -> None:
    results, days_of = Path(os.environ["PREFECT_HOME"]) / "storage", (settled.window.first, settled.window.last)
    kept = [*results.rglob("*")]
    settled.product.load("qtickets", *days_of)
    calls = settled.stage.calls
    second = run("qtickets", settled)
    assert settled.stage.calls == calls > 0
    first = run("qtickets", settled, refresh=True)
    calls = settled.stage.calls
    assert settled.product.load("qtickets", *days_of).status == "success"
    assert settled.stage.calls == calls

    names = sorted(name.format(w=settled.window) for name in STEPS)
    with get_client(sync_client=True) as client:
        for state, became in ((first, "Completed"), (second, "Cached")):
            found = tasks_of(client, state)
            assert sorted(found) == names
            assert {one.state and one.state.name for n, one in found.items() if n.startswith("fetch ")} == {became}
        assert first.state_details.flow_run_id
        flow_run = client.read_flow_run(first.state_details.flow_run_id)
        shown = artifact(client, "qtickets-load")
    assert flow_run.name == f"qtickets from {settled.window.first} to {settled.window.last}"
    assert str(second.message).endswith(", изменений нет")
    assert f"## QTickets, {settled.window}" in shown
    assert "| stg_qtickets_tickets | 0 | 0 | 0 |" in shown
    days: dict[tuple[date, str], list[Any]] = defaultdict(lambda: [0, Decimal(0), Decimal(0)])
    for (day, _, currency), sold in truth.sales(settled.world, settled.window.first, settled.window.last).items():
        days[day, currency] = [a + b for a, b in zip(days[day, currency], sold, strict=True)]
    assert days
    for (day, currency), (tickets, revenue, refunds) in days.items():
        assert f"| {day} | {tickets} | {revenue:.2f} | {refunds:.2f} | {currency} |" in shown
    assert [*results.rglob("*")] == kept, "no frame and no manifest is kept by Prefect"


def test_a_fetch_is_tried_again_where_that_may_help(open_days: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"HTTP_ATTEMPTS": "1", "FETCH_RETRIES": "1", "FETCH_RETRY_DELAY": "0"}.items():
        monkeypatch.setenv(name, value)
    open_days.stage.direct.faults.add("status", "*/reports", status=500)
    with get_client(sync_client=True) as client:
        state = run("direct", open_days)
        assert state.is_completed()
        fetched = tasks_of(client, state)[f"fetch ad_days {open_days.window}"]
        assert fetched.run_count == 2
        monkeypatch.setenv("DIRECT_TOKEN", "wrong")
        asked = len(open_days.stage.requests("direct"))
        state = run("direct", open_days)
        assert state.is_failed()
        assert "DIRECT_TOKEN" in str(state.message)
        assert len(open_days.stage.requests("direct")) == asked + 1, "a refused token stays refused"


def test_yesterday_and_the_other_flows_say_what_they_did(open_days: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    last = open_days.window.last
    monkeypatch.setattr("flows.yesterday.moscow_today", lambda: last + timedelta(days=1))
    state: State[Any] = yesterday(return_state=True)
    assert (state.is_failed(), str(state.message).split(" ")[1][:6]) == (True, "провер"), "its days are long past"
    assert open_days.product.held("sales") == truth.sales(open_days.world, last, last)
    names = {"qtickets", "vk_ads", "direct"}
    assert {name.split(" ")[0] for name in within(state)} == names | {"quality"}
    with pytest.raises(ChecksBroken):
        state.result()
    with get_client(sync_client=True) as client:
        assert artifact(client, "quality").startswith("## ")
        first = json.loads(artifact(client, "quality-checks"))[0]
    assert [*first][:2] == ["проверка", "состояние"], "in the language of ZAKAZ_LANGUAGE, the check's title first"
    assert first["состояние"] == "НАРУШЕНО"

    assert "загружено в хранилище: " in str(replay(return_state=True).message)
    assert str(smoke(return_state=True).message).startswith("в порядке: ")

    monkeypatch.setenv("ZAKAZ_SOURCES", "vk_ads,direct")
    open_days.stage.direct.faults.add("disconnect", "*", times=99)
    state = yesterday(return_state=True)
    assert (state.is_failed(), str(state.message).partition(":")[0]) == (True, "direct")
    assert str(state.message).endswith("Загружено: vk_ads")


def test_a_run_that_waited_is_skipped_where_all_is_read(open_days: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """After an outage the first of the runs that waited does the work of all, account by account."""
    open_days.product.load("direct", open_days.window.first, open_days.window.last)
    for deployed, due, skipped in (("1", -9, True), ("1", 9, False), (None, -9, False)):
        begins = SimpleNamespace(scheduled_start_time=datetime.now(UTC) + timedelta(minutes=due))
        run_now = SimpleNamespace(deployment=SimpleNamespace(id=deployed), flow_run=begins)
        monkeypatch.setattr(ingestion, "runtime", run_now)
        assert _is_superseded(open_days.product.account("direct"), open_days.window) == skipped
    run_now.deployment.id = "1"
    open_days.add("direct")
    monkeypatch.setattr(ingestion, "run_each", lambda accounts, _: [account.name for account in accounts])
    days = (None, *open_days.days.values())
    assert run_source(FLOWS["direct"], SOURCES["direct"], *days, refresh=False, name=None) == ["spb"]
    assert run_source(FLOWS["direct"], SOURCES["direct"], *days, refresh=True, name=None) == ["main", "spb"]


ATTACK = (
    "spring](http://evil.com) <!channel> @here evil.com | <b>x</b> `a` *b* [red]c[/] {{token}} "
    "\x1b[31m\x1b]8;;http://evil.com\x07d\x1b]8;;\x07\r\x08\x9b2J\u202e\u200b\nZakaz: all is well"
)
CHECK = Check("utm", "All spellings are known", "Revenue is nobody's", "fail", ("qtickets",), {}, None, "")


def test_an_artifact_and_a_state_are_built_as_with_plain_words(monkeypatch: pytest.MonkeyPatch) -> None:
    made: dict[str, Any] = {}

    def keep(data: Any, key: str, description: str) -> None:
        made[key], made[f"{key}: description"] = data, description

    for module in (quality, load_report):
        monkeypatch.setattr(module, "create_markdown_artifact", keep)
    monkeypatch.setattr(quality, "create_table_artifact", keep)
    days = pl.DataFrame({"day": [date(2025, 11, 20)], "currency": ["currency"]})
    monkeypatch.setattr(load_report, "_by_day", lambda *_: days)

    def loaded(text: str) -> Report:
        day = datetime(2025, 11, 20, tzinfo=UTC)
        window = Window(first=day.date(), last=day.date())
        return Report("qtickets", "spb", "tickets", window, "sandbox", day, warnings=[text], notes=[text])

    def publish(text: str) -> dict[str, Any]:
        results = [Result(CHECK, s, 1, text, [], hindered=s == "unjudged") for s in ("broken", "unjudged")]
        quality._publish(results, True, "en")
        load_report.publish(Account(SOURCES["qtickets"], "spb", Settings(_env_file=None)), loaded(text))
        return made.copy()

    plain, attacked = publish("word"), publish(ATTACK)

    cells = [str(cell) for row in attacked.pop("quality-checks") for cell in row.values()]
    assert not any(LINKED.search(cell) or UNSEEN.search(cell) for cell in cells)
    for key, text in attacked.items():
        assert structure(text) == structure(plain[key]), key
        assert not UNSEEN.search(text.replace("\n", ""))
        assert "evil․com" in markdown().render(text)
    assert not UNSEEN.search(str(SourceError(ATTACK)).replace("\n", ""))


def recorded(scene: Scene) -> list[tuple[Any, ...]]:
    """Account, status and run of each row of the history."""
    return scene.product.select("SELECT account, status, run_id FROM meta_job_runs ORDER BY account").rows()


def test_each_account_is_a_run_of_its_own_and_one_that_fails_is_told_of_alone(
    open_days: Scene, told: Receiver
) -> None:
    other, window = open_days.add("vk"), open_days.window
    states: list[State[Any]] = []

    def load(failing: str = "", account: str | None = None) -> list[str]:
        """The titles of the messages."""
        told.messages.clear()
        open_days.stage.calm()
        if failing:
            open_days.stage.vk.faults.add("disconnect", "*", times=99, account=failing)
        states.append(vk_ads(**open_days.days, account=account, return_state=True))
        assert states[-1].is_failed() == bool(failing)
        return [message.split("\n")[0] for message in told.messages]

    assert load("spb") == ["Zakaz: сбой — VK Ads spb"]
    assert re.search(r"^spb: .*[^.]\. Загружено: main$", str(states[0].message))
    *_, run, address = told.messages[0].split("\n")
    assert run == f"Запуск: vk_ads from {window.first} to {window.last}"
    assert str(states[0].state_details.flow_run_id) in address, "and which run it was"
    assert [row[:2] for row in recorded(open_days)] == [("main", "success"), ("spb", "failed")]
    assert load("spb") == load(account="main") == [], "it was told, and is not over"
    assert {request.account for request in open_days.stage.vk.requests} == {"main"}
    assert within(states[-1]) == {}
    assert load() == ["Zakaz: Исправлено: сбой — VK Ads spb"]
    rows = open_days.product.select("SELECT trouble, closed_at IS NULL, delivered FROM meta_alerts").rows()
    assert rows == [(f"run vk_ads spb from {window.first} to {window.last}", 0, 1)], "by its days"

    assert states[-1].message == "2 аккаунта: main, spb"
    runs = within(states[-1])
    main, spb = (runs[f"{name} from {window.first} to {window.last}"] for name in ("vk_ads", "vk_ads spb"))
    assert {("main", "success", str(main.id)), ("spb", "success", str(spb.id))} <= {*recorded(open_days)}
    assert main.tags == spb.tags == [PART] == [manifest.PART], "the server looks for a run that is gone by it"
    for name, world in (("main", open_days.world), ("spb", other)):
        assert open_days.product.held("vk_ads", name) == ad_truth.facts(world, "vk_ads", window.first, window.last)
    with get_client(sync_client=True) as client:
        assert artifact(client, "vk-ads-spb-load").startswith(f"## VK Ads spb, {window}")


def test_a_backfill_is_a_run_an_account_and_a_window_and_ends_where_one_fails(settled: Scene) -> None:
    """Its windows are whole months."""
    settled.add("qtickets")
    first, last = settled.window.first.replace(day=1) - timedelta(days=1), settled.window.last
    pages = -(-len(settled.stage.qtickets.events) // 20)
    settled.stage.qtickets.faults.add("status", "/events", times=99, after=pages, status=500, account="main")
    failed: State[Any] = backfill("qtickets", first, last, refresh=True, return_state=True)
    assert str(failed.message).endswith(". Загружено: spb")
    runs = within(failed)
    main, spb = (runs[f"backfill {name} from {first} to {last}"] for name in ("qtickets", "qtickets spb"))
    assert [one.state.name for one in (main, spb) if one.state] == ["Failed", "Completed"]
    windows = within(main.state).values()
    assert sorted(one.state.name for one in windows if one.state) == ["Completed", "Failed"]
    assert all(one.tags == [PART] for one in windows), "the server's automations look for it"
    settled.stage.calm()
    again: State[Any] = backfill("qtickets", first, last, return_state=True)
    assert {name: words.partition(": ")[2] for name, words in again.result().items()} == {
        "main": "1 window loaded, 1 was done", "spb": "0 windows loaded, 2 were done",
    }  # fmt: skip


@pytest.mark.slow
def test_a_deployment_of_somebody_else_is_not_taken_over(prefect: PrefectServer) -> None:
    with get_client(sync_client=True) as client:
        flow = client.create_flow_from_name("backup")
        client.create_deployment(flow, "theirs", tags=["another team"])
        client.create_deployment(flow, "ours", tags=["zakaz"])
        with pytest.raises(ZakazError, match=r"not of Zakaz: backup/theirs\. Nothing was deployed"):
            _refuse_strangers(client, ["backup/theirs", "backup/ours", "backup/new"])
        _refuse_strangers(client, ["backup/ours", "backup/new", "never/seen"])


@pytest.mark.slow
def test_a_run_that_its_worker_was_stopped_in_begins_again(prefect: PrefectServer) -> None:
    with get_client(sync_client=True) as client:
        flow = client.create_flow_from_name("cut off")
        pool = client.create_work_pool(WorkPoolCreate(name=manifest.OURS))
        deployment = client.create_deployment(flow, "nightly", work_pool_name=pool.name)
        cut = [client.create_flow_run_from_deployment(deployment, state=state) for state in (Pending(), Running())]
        by_hand = client.create_flow_run(vk_ads, state=Running())
        machine.begin_again({"PREFECT_API_URL": prefect.url, "PREFECT_API_AUTH_STRING": ""})
        now = [client.read_flow_run(one.id).state for one in (*cut, by_hand)]
    assert [state.name for state in now if state] == ["AwaitingRetry", "AwaitingRetry", "Running"]


def test_a_busy_server_is_asked_again_and_what_a_person_paused_stays_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    paused, pool, statuses = [], {"is_paused": True}, iter([503, *[200] * 99])

    def answer(_env: object, method: str, _path: str, body: Any = None, _seconds: float = 0) -> httpx.Response:
        paused.extend([body["is_paused"]] if method == "PATCH" else [])
        told, request = pool if method == "GET" else [], httpx.Request(method, "http://127.0.0.1")
        return httpx.Response(next(statuses), json=told, request=request)

    monkeypatch.setattr(machine, "_api", answer)
    monkeypatch.setattr(machine, "_PAUSED", tmp_path / "paused")
    for pool["is_paused"] in (True, False):
        machine.begin_again({})
        machine._let_runs_end({})
        machine._resume({})
    assert paused == [True, False]


ROOT = Path(__file__).parents[2]
SPEND = Check("spend", "All spend is there", "Budgets hang on it", "fail", ("direct",), {}, None, "")


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
    broken = ChecksBroken([Result(SPEND, "broken", 1, "a day is missing", [])])
    run_failed(FLOW, flow_run(parent_task_run_id=uuid4()), Failed(data=SourceError("VK answered 403.")))
    run_recovered(FLOW, flow_run(parent_task_run_id=uuid4()), Completed())
    run_recovered(FLOW, flow_run(), Completed(name=hooks.SKIPPED))
    assert (fired, resolved) == ([], [])
    alert_unless_sent(FLOW, flow_run(), Failed(data=ZakazError("The warehouse cannot be reached.")))
    alert_unless_sent(FLOW, flow_run(), Failed(data=broken))
    run = flow_run(name=ATTACK)
    run_failed(FLOW, run, Failed(data=SourceError("VK answered 403."), message="Worded anew by Prefect 4."))
    assert [trouble.essence for trouble in fired] == ["The warehouse cannot be reached.", "VK answered 403."]
    run_recovered(FLOW, flow_run(parameters={"days": 30}), Completed())  # Whose result is lost.
    run_recovered(FLOW, flow_run(), Completed(data={"vk_ads": None}))
    assert sorted(resolved) == ["run quality", "run quality", "run quality 30 days", "run quality vk_ads"]
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
