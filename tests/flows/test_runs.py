"""What a person sees of a run in Prefect: names of tasks, cached fetches, retries, states, artifacts, subflows."""

import json
import re
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey, FlowRunFilter, TaskRunFilter
from prefect.client.schemas.filters import FlowRunFilterParentFlowRunId as Parent
from prefect.client.schemas.filters import TaskRunFilterFlowRunId as OfRun
from prefect.client.schemas.objects import FlowRun, State, TaskRun

from flows import ingestion, load_report, quality
from flows.accept import accept
from flows.accounts import PART
from flows.backfill import FLOWS, backfill
from flows.ingestion import _is_superseded, run_source
from flows.replay import replay
from flows.smoke import smoke
from flows.yesterday import yesterday
from tasks import steps
from tasks.errors import SourceError, WarehouseError
from tasks.ingest import Report
from tasks.quality.checks import Check, Result
from tasks.quality.run import ChecksBroken
from tasks.settings import Settings
from tasks.sources import SOURCES
from tasks.sources.accounts import Account
from tasks.window import Window
from tests.flows import truth
from tests.flows.conftest import Scene, storage
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
        client.hello()
    raise AssertionError([*names])


def fetches(client: SyncPrefectClient, state: State[Any]) -> set[str]:
    """The names of the states of its fetches."""
    return {
        one.state.name for name, one in tasks_of(client, state).items() if name.startswith("fetch ") and one.state
    }


def artifact(client: SyncPrefectClient, key: str) -> str:
    (found,) = client.read_artifacts(
        artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=[key])), sort="CREATED_DESC", limit=1
    )
    return str(found.data)


def within(state: State[Any]) -> dict[str, FlowRun]:
    """The runs within a run, by name."""
    assert state.state_details.flow_run_id
    with get_client(sync_client=True) as client:
        asked = FlowRunFilter(parent_flow_run_id=Parent(any_=[state.state_details.flow_run_id]))
        return {one.name: one for one in client.read_flow_runs(flow_run_filter=asked)}


def test_a_load_is_a_run_of_named_tasks_and_settled_days_are_cached_the_second_time(settled: Scene) -> None:
    kept = storage()
    first = run("qtickets", settled)
    calls = settled.stage.calls
    second = run("qtickets", settled)

    assert (settled.stage.calls, calls > 0) == (calls, True)
    names = sorted(name.format(w=settled.window) for name in STEPS)
    with get_client(sync_client=True) as client:
        assert sorted(tasks_of(client, first)) == sorted(tasks_of(client, second)) == names
        assert (fetches(client, first), fetches(client, second)) == ({"Completed"}, {"Cached"})
        assert first.state_details.flow_run_id
        flow_run = client.read_flow_run(first.state_details.flow_run_id)
        shown = artifact(client, "qtickets-load")
    assert flow_run.name == f"qtickets from {settled.window.first} to {settled.window.last}"
    assert second.message
    assert second.message.endswith(", изменений нет")
    assert f"## QTickets, {settled.window}" in shown
    assert "| stg_qtickets_tickets | 0 | 0 | 0 |" in shown
    days: dict[tuple[date, str], list[Any]] = defaultdict(lambda: [0, Decimal(0), Decimal(0)])
    for (day, _, currency), sold in truth.sales(settled.world, settled.window.first, settled.window.last).items():
        days[day, currency] = [a + b for a, b in zip(days[day, currency], sold, strict=True)]
    assert days
    for (day, currency), (tickets, revenue, refunds) in days.items():
        assert f"| {day} | {tickets} | {revenue:.2f} | {refunds:.2f} | {currency} |" in shown
    assert storage() == kept, "no frame and no manifest is kept by Prefect"


def test_a_fetch_is_one_with_and_without_prefect(settled: Scene) -> None:
    settled.product.load("direct", settled.window.first, settled.window.last)
    calls = settled.stage.calls
    with get_client(sync_client=True) as client:
        assert fetches(client, run("direct", settled)) == {"Cached"}
        assert settled.stage.calls == calls > 0
        assert fetches(client, run("direct", settled, refresh=True)) == {"Completed"}
    calls = settled.stage.calls
    done = settled.product.load("direct", settled.window.first, settled.window.last)
    assert (done.status, settled.stage.calls) == ("success", calls)


def test_open_days_are_cached_only_after_a_run_that_failed(
    open_days: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_: object, **__: object) -> None:
        raise WarehouseError("ClickHouse went away.")

    with get_client(sync_client=True) as client:
        with monkeypatch.context() as broken:
            broken.setattr(steps, "restate", lost)
            failed = run("qtickets", open_days)
        assert (failed.is_failed(), fetches(client, failed)) == (True, {"Completed"})
        assert "ClickHouse went away." in str(failed.message)
        calls = open_days.stage.calls
        assert fetches(client, run("qtickets", open_days)) == {"Cached"}
        assert open_days.stage.calls == calls
        assert fetches(client, run("qtickets", open_days)) == {"Completed"}


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


def test_a_backfill_is_one_run_with_a_run_a_window_and_ends_with_the_first_that_fails(settled: Scene) -> None:
    """Its windows are whole months."""
    first = settled.window.first.replace(day=1) - timedelta(days=1)
    pages = -(-len(settled.stage.qtickets.events) // 20)
    settled.stage.qtickets.faults.add("status", "/events", times=99, after=pages, status=500)
    failed: State[Any] = backfill("qtickets", first, settled.window.last, refresh=True, return_state=True)
    assert failed.is_failed()
    windows = within(failed).values()
    assert sorted(one.state.name for one in windows if one.state) == ["Completed", "Failed"]
    assert all(one.tags == [PART] for one in windows), "the server's automations look for it"


def test_yesterday_again_is_all_sources_and_their_judgement(
    open_days: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    last = open_days.window.last
    monkeypatch.setattr("flows.yesterday.moscow_today", lambda: last + timedelta(days=1))
    state: State[Any] = yesterday(return_state=True)

    assert (state.is_failed(), str(state.message).split(" ")[1][:6]) == (True, "провер"), "its days are long past"
    assert open_days.product.held("sales") == truth.sales(open_days.world, last, last)
    names = {"qtickets", "vk_ads", "direct"}
    assert {name.split(" ")[0] for name in within(state)} == names | {"quality"}

    open_days.stage.direct.faults.add("disconnect", "*", times=99)
    state = yesterday(return_state=True)
    assert (state.is_failed(), str(state.message).partition(":")[0]) == (True, "direct")
    assert str(state.message).endswith("Загружено: qtickets, vk_ads")


def test_the_other_flows_say_what_they_did(open_days: Scene) -> None:
    assert "загружено в хранилище: " in str(replay(return_state=True).message)
    assert str(smoke(return_state=True).message).startswith("в порядке: ")
    run("direct", open_days)
    judged: State[Any] = quality.quality(return_state=True)
    assert judged.is_failed(), "two sources have no data"
    with pytest.raises(ChecksBroken):
        judged.result()
    with get_client(sync_client=True) as client:
        assert artifact(client, "quality").startswith("## ")
        first = json.loads(artifact(client, "quality-checks"))[0]
    assert [*first][:2] == ["проверка", "состояние"], "in the language of ZAKAZ_LANGUAGE, the check's title first"
    assert first["состояние"] == "НАРУШЕНО"


FORMS = [*FLOWS.values(), backfill, quality.quality, accept, yesterday]


@pytest.mark.parametrize("flow", FORMS, ids=lambda flow: flow.name)
def test_a_state_of_any_flow_says_what_our_error_says(flow: Any) -> None:
    assert flow.fn.__wrapped__.__name__ == flow.fn.__name__, "it is decorated with `in_words`"


@pytest.mark.parametrize("flow", FORMS, ids=lambda flow: flow.name)
def test_every_field_of_a_form_has_a_title_in_words_and_says_what_it_does(flow: Any) -> None:
    fields = flow.parameters.model_dump()["properties"]
    for name, field in fields.items():
        assert re.match("[А-Я]", field["title"]), "in the language of ZAKAZ_LANGUAGE"
        assert field.get("description"), name
    if "days" in fields:
        assert (fields["days"]["minimum"], fields["days"]["maximum"]) == (1, 1100)
    if "source" in fields:
        assert fields["source"]["enum"] == ["qtickets", "vk_ads", "direct", "costs"]


def test_a_run_that_waited_is_skipped_where_another_has_read_its_days(
    open_days: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After an outage the first of the runs that waited does the work of all, account by account."""
    open_days.product.load("direct", open_days.window.first, open_days.window.last)
    for deployed, due, skipped in (("1", -9, True), ("1", 9, False), (None, -9, False)):
        now = datetime.now(UTC) + timedelta(minutes=due)
        run_now = SimpleNamespace(
            deployment=SimpleNamespace(id=deployed), flow_run=SimpleNamespace(scheduled_start_time=now)
        )
        monkeypatch.setattr(ingestion, "runtime", run_now)
        assert _is_superseded(open_days.product.account("direct"), open_days.window) == skipped
    run_now.deployment.id, run_now.flow_run.scheduled_start_time = "1", now
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

    def report(text: str) -> Report:
        day = datetime(2025, 11, 20, tzinfo=UTC)
        window = Window(first=day.date(), last=day.date())
        return Report("qtickets", "spb", "tickets", window, "sandbox", day, warnings=[text], notes=[text])

    def publish(text: str) -> dict[str, Any]:
        quality._publish(
            [Result(CHECK, s, 1, text, [], hindered=s == "unjudged") for s in ("broken", "unjudged")], True, "en"
        )
        load_report.publish(Account(SOURCES["qtickets"], "spb", Settings(_env_file=None)), report(text))
        return made.copy()

    plain, attacked = publish("word"), publish(ATTACK)

    cells = [str(cell) for row in attacked.pop("quality-checks") for cell in row.values()]
    assert not any(LINKED.search(cell) or UNSEEN.search(cell) for cell in cells)
    for key, text in attacked.items():
        assert structure(text) == structure(plain[key]), key
        assert not UNSEEN.search(text.replace("\n", ""))
        assert "evil․com" in markdown().render(text)
    assert not UNSEEN.search(str(SourceError(ATTACK)).replace("\n", ""))
