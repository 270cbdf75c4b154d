"""Which messages people get, and what is in them: of checks over several quality runs, and of runs that failed.

The channel is a list; the flow's own steps are called, without a Prefect server."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import flows.alerts as telling
import pytest
from flows.alerts import words_of
from hypothesis import given
from hypothesis import strategies as st
from prefect.client.schemas.objects import State
from prefect.states import Failed

from flows import quality
from flows.quality import ChecksBroken
from tasks.alerts.alert import LONGEST, Trouble, first, shortened, undelivered
from tasks.errors import SettingsError, SourceError, ZakazError
from tasks.load.migrate import migrated
from tasks.load.runs import Run
from tasks.load.warehouse import warehouse
from tasks.quality.checks import Check, Result
from tasks.settings import Settings

NOW = datetime(2025, 11, 20, 7, tzinfo=UTC)
CHECK = Check("spend", "All spend is there", "Budgets hang on it", "fail", ("vk_ads", "direct"), {}, None, "")
OTHER = Check("sales", "All sales are there", "So do these", "fail", ("qtickets",), {}, None, "")


class Chat:
    """Takes messages as Telegram does: at most 4,096 units of UTF-16, else the whole message is refused."""

    def __init__(self) -> None:
        self.messages: list[str] = []
        self.refuses: Callable[[str], bool] = lambda text: False

    def raise_on_failure(self) -> AbstractContextManager[None]:
        return nullcontext()

    def notify(self, body: str, subject: str) -> None:
        text = f"{subject}\n{body}"
        if self.refuses(text) or len(text.encode("utf-16-le")) > 2 * 4096:
            raise RuntimeError("400 Bad Request: message is too long, sent to https://secret.example")
        self.messages.append(text)

    @property
    def titles(self) -> list[str]:
        taken = [message.split("\n")[0].removeprefix("Zakaz: ") for message in self.messages]
        self.messages.clear()
        return taken


@pytest.fixture
def chat(monkeypatch: pytest.MonkeyPatch) -> Chat:
    made = Chat()
    monkeypatch.setattr(telling, "channel", lambda _name: made)
    return made


@pytest.fixture
def settings(make_settings: Callable[..., Settings]) -> Iterator[Settings]:
    made = make_settings(zakaz_alert_block="custom-webhook/zakaz-alerts")
    # Held open: to start the engine for each message takes longer than to write it down.
    with migrated(made):
        yield made


def result(check: Check, status: str, message: str = "", hindered: bool = False, observed: int = 1) -> Result:
    return Result(check, status, observed, message, [], hindered)


OK, BROKEN = result(CHECK, "ok", observed=0), result(CHECK, "broken", "vk_ads lacks 2155 of 3410")
NO_DATA = result(CHECK, "unjudged", "no data yet")
NOT_RUN = result(CHECK, "unjudged", "could not be run: it took longer than 120 seconds", hindered=True)


def one_run(settings: Settings, *results: Result) -> None:
    """What the quality flow does once its checks are judged."""
    run = Run("quality", str(uuid4()), datetime.now(UTC))
    before = quality._record(settings, run, NOW.date(), list(results))
    quality._tell(settings, list(results), before)


@pytest.mark.parametrize("unjudged", [NO_DATA, NOT_RUN], ids=["no data", "could not be run"])
def test_only_ok_ends_the_alert_of_a_broken_check(settings: Settings, chat: Chat, unjudged: Result) -> None:
    one_run(settings, BROKEN)
    assert chat.titles == ["All spend is there (check broken)"]
    one_run(settings, unjudged)
    assert chat.titles == []
    one_run(settings, BROKEN)
    assert chat.titles == [], "it was open all the time"
    one_run(settings, OK)
    assert chat.titles == ["Over: All spend is there (check broken)"]
    one_run(settings, OK)
    assert chat.titles == []


def test_what_the_message_of_a_broken_check_says(settings: Settings, chat: Chat) -> None:
    one_run(settings, BROKEN)

    assert chat.messages == [
        "Zakaz: All spend is there (check broken)\nvk_ads lacks 2155 of 3410\nBudgets hang on it.\n"
        "Sources: vk_ads, direct. See `zakaz quality`."
    ]


def test_the_alert_of_a_check_that_was_removed_or_renamed_is_closed_in_words(
    settings: Settings, chat: Chat
) -> None:
    one_run(settings, BROKEN)
    chat.messages.clear()

    for _ in range(2):
        one_run(settings, result(OTHER, "ok", observed=0))

    (message,) = chat.messages
    title, body = message.split("\n")
    assert title == "Zakaz: Closed: All spend is there (check broken)"
    assert body.startswith("The check was removed or renamed, so this alert is closed unseen. It was opened at 20")


def test_a_check_that_could_not_be_judged_twice_in_a_row_is_told_and_its_end_too(
    settings: Settings, chat: Chat
) -> None:
    other = result(OTHER, "unjudged", "could not be run: thrown", hindered=True)
    one_run(settings, NOT_RUN)
    assert chat.titles == [], "once may be chance"
    one_run(settings, NOT_RUN, other)
    assert chat.messages == [
        "Zakaz: 1 check could not be judged, twice in a row\n"
        "All spend is there: could not be run: it took longer than 120 seconds\n"
        "Nobody knows whether this holds. See `zakaz quality`."
    ]
    chat.messages.clear()
    one_run(settings, NOT_RUN, other)
    assert chat.titles == ["2 checks could not be judged, twice in a row"]
    one_run(settings, NOT_RUN, other)
    assert chat.titles == [], "the same is told once"
    one_run(settings, OK, result(OTHER, "ok", observed=0))
    assert chat.titles == ["Over: 2 checks could not be judged, twice in a row"]


def test_two_hindered_runs_with_a_good_one_between_are_no_alarm(settings: Settings, chat: Chat) -> None:
    for found in (NOT_RUN, OK, NOT_RUN, NO_DATA, NOT_RUN):
        one_run(settings, found)

    assert chat.titles == []


def test_a_check_of_severity_warn_that_could_not_be_judged_wakes_nobody(settings: Settings, chat: Chat) -> None:
    warn = Check("w", "T", "W", "warn", (), {}, None, "")
    for _ in range(3):
        one_run(settings, result(warn, "unjudged", "could not be run: thrown", hindered=True))

    assert chat.titles == []


def test_the_summary_counts_and_names_what_should_have_been_judged() -> None:
    found = quality.summary([BROKEN, NOT_RUN, NO_DATA, OK])

    assert found == (
        "4 checks: 1 failed, 2 could not be judged; spend: vk_ads lacks 2155 of 3410; "
        "spend: could not be run: it took longer than 120 seconds"
    )


def test_what_the_channel_refuses_in_the_middle_is_sent_by_the_next_run(settings: Settings, chat: Chat) -> None:
    """Of two broken checks the first is delivered, of two that are over as well."""
    broken, fine = (BROKEN, result(OTHER, "broken", "a day is missing")), (OK, result(OTHER, "ok", observed=0))
    chat.refuses = lambda text: "sales" in text
    one_run(settings, *broken)
    assert chat.titles == ["All spend is there (check broken)"]
    with warehouse(settings) as client:
        assert undelivered(client).select("trouble", "error").rows() == [("check sales", "RuntimeError")]
    chat.refuses = lambda text: False
    one_run(settings, *broken)
    assert chat.titles == ["All sales are there (check broken)"]
    chat.refuses = lambda text: "Over: All spend" in text
    one_run(settings, *fine)
    assert chat.titles == ["Over: All sales are there (check broken)"]
    chat.refuses = lambda text: False
    one_run(settings, *fine)
    assert chat.titles == ["Over: All spend is there (check broken)"]
    one_run(settings, *fine)
    assert chat.titles == []
    with warehouse(settings) as client:
        assert undelivered(client).is_empty()


def test_an_end_that_was_not_delivered_is_no_end_when_the_trouble_is_back(settings: Settings, chat: Chat) -> None:
    one_run(settings, BROKEN)
    chat.refuses = lambda text: "Over" in text
    one_run(settings, OK)
    one_run(settings, BROKEN)
    assert chat.titles == ["All spend is there (check broken)"] * 2


def message_of(trouble: Trouble) -> str:
    alert = first(trouble, NOW)
    return f"Zakaz: {alert.title}\n{alert.body}"


ADDRESS = "https://prefect.example.ru/runs/flow-run/0196f2a4-3c1e-7b52-9b1f-2f6f0a7f9d11"
MANY = {
    "a list with semicolons": "12 failures"
    + "".join(f"; endpoint {n}: the token is not valid" for n in range(900)),
    "a list with commas": "campaigns " + ", ".join(str(n) for n in range(100_000, 103_000)),
    "lines": "\n".join(f"line {n} of many" for n in range(2_000)),
    "words": "word " * 5_000,
    "one word": "x" * 20_000,
    "one link": "https://example.ru/" + "a" * 20_000,
    "two units a sign": "🎫" * 5_000,
}


@pytest.mark.parametrize("text", MANY.values(), ids=MANY)
@pytest.mark.parametrize("title", ["direct failed", "t" * 9_000], ids=["short title", "long title"])
def test_a_long_message_is_cut_and_the_runs_address_stays(text: str, title: str) -> None:
    told = message_of(Trouble("k", title, text, text, footer=f"Run: direct 7 days\n{ADDRESS}"))

    assert len(told.encode("utf-16-le")) / 2 <= LONGEST
    assert told.endswith(f"\nRun: direct 7 days\n{ADDRESS}")
    assert "…" in told
    assert told.count("https://") == 1 + (text.startswith("https") and "…" not in told)


def test_how_a_list_is_cut() -> None:
    assert shortened("a: 1; b: 2; c: 3; d: 4; e: 5; f: 6; g: 7; h: 8", 40) == "a: 1; b: 2; c: 3; … and 5 more"
    assert shortened("a; b", 4) == "a; b"
    assert shortened("one\ntwo\nthree\n" + "x" * 40, 36) == "one\ntwo\nthree\n… and 1 more"
    left_of_lists = shortened("off\nids " + ", ".join(map(str, range(1000, 2000))), 400)
    assert left_of_lists.startswith("off\nids 1000, 1001, ")
    assert left_of_lists.endswith(" more")
    kept = left_of_lists.count(", ")
    assert f"… and {1000 - kept} more" in left_of_lists


@given(st.text(st.sampled_from("aя🎫 ,;\n"), max_size=400), st.integers(60, 300))
def test_whatever_the_text_it_fits_and_a_short_one_is_left_alone(text: str, room: int) -> None:
    cut = shortened(text, room)

    assert len(cut.encode("utf-16-le")) / 2 <= room
    assert cut == text or "…" in cut
    assert (cut == text) == (len(text.encode("utf-16-le")) / 2 <= room) or cut == text


def test_half_a_character_in_a_name_stops_no_message(settings: Settings, chat: Chat) -> None:
    telling.tell(settings, Trouble("k", "failed", "e", "campaign \ud83c is silent"))

    assert chat.messages == ["Zakaz: failed\ncampaign \ufffd is silent"]


WORDS = {
    "our own": (SettingsError("DIRECT_TOKEN is missing."), "DIRECT_TOKEN is missing."),
    "an error of a source": (SourceError("Direct answered 500."), "Direct answered 500."),
    "a fault of ours": (KeyError("ad_id"), "KeyError: 'ad_id'"),
    "without words": (RuntimeError(), "RuntimeError"),
}


@pytest.mark.parametrize(("error", "words"), WORDS.values(), ids=WORDS)
def test_a_message_is_the_errors_own_sentence_however_prefect_words_its_state(error: Exception, words: str) -> None:
    assert words_of(Failed(data=error, message=f"Worded anew by Prefect 4: {error!r}")) == words


def test_a_state_without_its_error_speaks_for_itself() -> None:
    assert words_of(Failed(message="The infrastructure did not start.")) == "The infrastructure did not start."


FLOW: Any = SimpleNamespace(name="quality")


def flow_run(**values: Any) -> Any:
    made = {"id": uuid4(), "flow_id": uuid4(), "name": "quality 2025-11-20", "tags": ["zakaz", "quality"]}
    return SimpleNamespace(**made | {"parent_task_run_id": None} | values)


@pytest.fixture
def own_environment(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """What the hooks load is this test's warehouse and channel."""
    monkeypatch.setenv("CLICKHOUSE_DSN", settings.clickhouse_dsn.get_secret_value())
    monkeypatch.setenv("ZAKAZ_ALERT_BLOCK", "custom-webhook/zakaz-alerts")
    return settings


@pytest.mark.usefixtures("own_environment")
def test_a_failed_run_is_told_by_its_error(chat: Chat) -> None:
    failed: State[Any] = Failed(data=SourceError("VK answered 403."), message="Flow run ended by SourceError.")
    run = flow_run()
    telling.run_failed(FLOW, run, failed)

    where = telling.address_of(run)
    assert chat.messages == [f"Zakaz: quality failed\nVK answered 403.\nRun: quality 2025-11-20\n{where}"]


@pytest.mark.usefixtures("own_environment")
def test_a_quality_run_with_broken_checks_came_to_its_end(chat: Chat) -> None:
    """That an earlier one did not is over; of the checks people are told one by one."""
    telling.run_failed(FLOW, flow_run(), Failed(data=ZakazError("The warehouse cannot be reached.")))
    assert chat.titles == ["quality failed"]

    quality._tell_unless_told(FLOW, flow_run(), Failed(data=ChecksBroken([BROKEN])))

    assert chat.titles == ["Over: quality failed"]


@pytest.mark.parametrize(
    "wrong", [{"QTICKETS_RATE": "fast"}, {"ZAKAZ_ENV": "/nowhere/.env"}, {"CLICKHOUSE_DATABASE": "-"}]
)
def test_a_run_whose_settings_cannot_be_read_leaves_the_message_to_the_server(
    own_environment: Settings,
    chat: Chat,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    wrong: dict[str, str],
) -> None:
    for name, value in wrong.items():
        monkeypatch.setenv(name, value)
    events: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(telling, "emit_event", lambda event, **more: events.append((event, more)))
    run = flow_run()

    with caplog.at_level(logging.ERROR, "zakaz.alerts"):
        telling.run_failed(FLOW, run, Failed(data=SettingsError("The setting is wrong: see the manual.")))
        telling.run_recovered(FLOW, run, Failed())

    assert chat.messages == []
    ((event, told),) = events
    assert event == "zakaz.run-cannot-tell"
    assert told["resource"]["prefect.resource.id"] == f"prefect.flow-run.{run.id}"
    assert told["payload"] == {"message": "The setting is wrong: see the manual."}
    assert {"prefect.resource.id": "prefect.tag.zakaz", "prefect.resource.role": "tag"} in told["related"]
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 2
    assert all("\n" not in line for line in lines)
    assert not any(record.exc_info for record in caplog.records)


def test_the_automation_waits_for_the_runs_own_event_and_for_no_wording_of_prefects() -> None:
    text = (Path(__file__).resolve().parents[2] / "automations.yaml").read_text("utf-8")

    assert telling.CANNOT_TELL in text
    assert "encountered an exception" not in text
