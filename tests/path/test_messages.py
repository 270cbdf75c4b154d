"""Which messages people get, and what is in them: of checks over several quality runs, of failures, of any length."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.alerts.alert import LONGEST, Trouble, opened, shortened, words_of
from tasks.alerts.channel import Channel
from tasks.alerts.history import undelivered
from tasks.alerts.sending import fire
from tasks.errors import SettingsError
from tasks.load.migrate import migrated
from tasks.load.warehouse import warehouse
from tasks.quality.checks import Check, Result
from tasks.quality.run import run_checks, summary
from tasks.settings import Settings
from tests.tasks.test_harmless import LINKED, UNSEEN

DAY = date(2025, 11, 20)
CHECK = Check("spend", "All spend is there", "Budgets hang on it", "fail", ("vk_ads", "direct"), {}, None, "")
OTHER = Check("sales", "All sales are there", "So do these", "fail", ("qtickets",), {}, None, "")
WARN = Check("w", "T", "W", "warn", (), {}, None, "")


def result(check: Check, status: str, message: str = "", hindered: bool = False, observed: int = 1) -> Result:
    return Result(check, status, observed, message, [], hindered)


OK, BROKEN = result(CHECK, "ok", observed=0), result(CHECK, "broken", "vk_ads lacks 2155 of 3410")
FINE, LACKS = result(OTHER, "ok", observed=0), result(OTHER, "broken", "a day is missing")
NO_DATA = result(CHECK, "unjudged", "no data yet")
NOT_RUN = result(CHECK, "unjudged", "could not be run: it took longer than 120 seconds", hindered=True)
NEITHER = result(OTHER, "unjudged", "could not be run: thrown", hindered=True)


class Chat:
    """Takes messages as Telegram does: at most 4,096 units of UTF-16, else the whole message is refused."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.messages: list[str] = []
        self.refuses: Callable[[str], bool] = lambda text: False
        self.channel = Channel("chat", self.send)

    def send(self, subject: str, body: str) -> None:
        text = f"{subject}\n{body}"
        if self.refuses(text) or len(text.encode("utf-16-le")) > 2 * 4096:
            raise RuntimeError("400 Bad Request: message is too long, sent to https://secret.example")
        self.messages.append(text)

    def titles_of(self, *results: Result, opens: bool = True) -> list[str]:
        """What a quality run with these results sends."""
        self.messages.clear()
        run_checks(
            self.settings,
            DAY,
            str(uuid4()),
            channel=self.channel,
            sends_alerts=opens,
            judge=lambda *_: list(results),
        )
        return [message.split("\n")[0].removeprefix("Zakaz: ") for message in self.messages]


@pytest.fixture
def chat(clickhouse_dsn: str, clickhouse_database: str) -> Iterator[Chat]:
    settings = Settings(_env_file=None, clickhouse_dsn=clickhouse_dsn, clickhouse_database=clickhouse_database)
    with migrated(settings):
        yield Chat(settings)


SPEND, SALES = "All spend is there (check broken)", "All sales are there (check broken)"
ONE, TWO = "1 check could not be judged, twice in a row", "2 checks could not be judged, twice in a row"
STORIES: dict[str, list[tuple[tuple[Result, ...], list[str]]]] = {
    "only ok resolves a broken check": [
        ((BROKEN,), [SPEND]),
        ((NO_DATA,), []),
        ((NOT_RUN,), []),
        ((BROKEN,), []),
        ((OK,), [f"Resolved: {SPEND}"]),
        ((OK,), []),
    ],
    "a check that was removed or renamed is closed in words": [
        ((BROKEN,), [SPEND]),
        ((FINE,), [f"Closed: {SPEND}"]),
        ((FINE,), []),
    ],
    "once may be chance, twice in a row is told": [
        ((NOT_RUN,), []),
        ((NOT_RUN, NEITHER), [ONE]),
        ((NOT_RUN, NEITHER), [TWO]),
        ((NOT_RUN, NEITHER), []),
        ((OK, FINE), [f"Resolved: {TWO}"]),
    ],
    "a good run between is no alarm": [((one,), []) for one in (NOT_RUN, OK, NOT_RUN, NO_DATA, NOT_RUN)],
    "severity warn wakes nobody": [((result(WARN, "unjudged", "thrown", hindered=True),), [])] * 3,
}


@pytest.mark.parametrize("story", STORIES)
def test_what_is_told_over_several_quality_runs(chat: Chat, story: str) -> None:
    for results, titles in STORIES[story]:
        assert chat.titles_of(*results) == titles


def test_who_looks_on_is_sent_no_alert_but_that_it_is_resolved(chat: Chat) -> None:
    assert chat.titles_of(BROKEN, opens=False) == []
    chat.titles_of(BROKEN)
    assert chat.titles_of(OK, opens=False) == [f"Resolved: {SPEND}"]


def test_what_the_messages_say(chat: Chat) -> None:
    chat.titles_of(BROKEN)
    assert chat.messages == [
        f"Zakaz: {SPEND}\nvk_ads lacks 2155 of 3410\nBudgets hang on it.\n"
        "Sources: vk_ads, direct. See `zakaz quality`."
    ]
    chat.titles_of(FINE)
    assert (
        chat.messages[0]
        .split("\n")[1]
        .startswith("The check was removed or renamed, so this alert is closed unseen. It was opened at 20")
    )
    chat.titles_of(NOT_RUN)
    chat.titles_of(NOT_RUN)
    assert chat.messages == [
        f"Zakaz: {ONE}\nAll spend is there: could not be run: it took longer than 120 seconds\n"
        "Nobody knows whether this holds. See `zakaz quality`."
    ]
    assert summary([BROKEN, NOT_RUN, NO_DATA, OK]) == (
        "4 checks: 1 failed, 2 could not be judged; spend: vk_ads lacks 2155 of 3410; "
        "spend: could not be run: it took longer than 120 seconds"
    )


def test_what_the_channel_refuses_is_sent_by_the_next_run(chat: Chat) -> None:
    """Of two broken checks one is delivered, of two that are resolved as well."""
    chat.refuses = lambda text: "sales" in text
    assert chat.titles_of(BROKEN, LACKS) == [SPEND]
    with warehouse(chat.settings) as client:
        # Never the channel's address, which is a secret.
        assert undelivered(client).select("trouble", "error").rows() == [("check sales", "RuntimeError")]
    chat.refuses = lambda text: False
    assert chat.titles_of(BROKEN, LACKS) == [SALES]
    chat.refuses = lambda text: "Resolved: All spend" in text
    assert chat.titles_of(OK, FINE) == [f"Resolved: {SALES}"]
    assert chat.titles_of(BROKEN, FINE) == [SPEND], "that it was resolved nobody heard, and now it is not"
    chat.refuses = lambda text: False
    assert chat.titles_of(OK, FINE) == [f"Resolved: {SPEND}"]
    assert chat.titles_of(OK, FINE) == []
    with warehouse(chat.settings) as client:
        assert undelivered(client).is_empty()


def test_a_changed_trouble_is_told_again_and_one_with_half_a_character_too(chat: Chat) -> None:
    for essence in ("It failed.", "It failed.", "Another word.", "campaign \ud83c is silent"):
        fire(chat.settings, Trouble("k", "failed", essence, essence), chat.channel)
    assert [text.split("\n")[1] for text in chat.messages] == [
        "It failed.", "Another word.", "campaign \ufffd is silent"
    ]  # fmt: skip


def test_without_a_warehouse_it_is_told_all_the_same(chat: Chat) -> None:
    """What was told before is in the warehouse, so nobody can look it up: better twice than never."""
    gone = Settings(_env_file=None, clickhouse_dsn="http://default@127.0.0.1:9")
    for _ in range(2):
        fire(gone, Trouble("k", "failed", "e", "b"), chat.channel)
    assert chat.messages == ["Zakaz: failed\nb"] * 2


ADDRESS = "https://prefect.example.ru/runs/flow-run/0196f2a4-3c1e-7b52-9b1f-2f6f0a7f9d11"
MANY = {
    "a list with semicolons": "12 failures" + "".join(f"; endpoint {n}: is not valid" for n in range(900)),
    "a list with commas": "campaigns " + ", ".join(str(n) for n in range(100_000, 103_000)),
    "lines": "\n".join(f"line {n} of many" for n in range(2_000)),
    "one word": "x" * 20_000,
    "one link": "https://example.ru/" + "a" * 20_000,
    "two units a sign": "🎫" * 5_000,
    "an attack": "spring](http://evil.com) <!channel> @here evil.com <b>x</b> `a`\x1b[31m\u202e\nZakaz: all is well"
    * 90,
}


@pytest.mark.parametrize("text", MANY.values(), ids=MANY)
@pytest.mark.parametrize("title", ["direct failed", "t" * 9_000], ids=["short title", "long title"])
def test_a_message_is_cut_has_no_link_but_the_runs_and_mentions_nobody(text: str, title: str) -> None:
    alert = opened(Trouble("k", title, text, text, footer=f"Run: direct 7 days\n{ADDRESS}"), datetime.now(UTC))
    told = f"Zakaz: {alert.title}\n{alert.body}"

    assert len(told.encode("utf-16-le")) / 2 <= LONGEST
    above, footer = told.rsplit("\nRun: ", 1)
    assert footer == f"direct 7 days\n{ADDRESS}"
    assert "…" in above
    assert not any(LINKED.search(line) or UNSEEN.search(line) for line in above.split("\n"))
    assert not re.search("[<>@]", above)


@given(st.text(st.sampled_from("aя🎫 ,;\n"), max_size=400), st.integers(60, 300))
def test_whatever_the_text_it_fits_and_a_short_one_is_left_alone(text: str, room: int) -> None:
    cut, is_short = shortened(text, room), len(text.encode("utf-16-le")) / 2 <= room

    assert len(cut.encode("utf-16-le")) / 2 <= room
    assert (cut == text) if is_short else ("…" in cut)
    assert shortened("a: 1; b: 2; c: 3; d: 4; e: 5; f: 6; g: 7; h: 8", 40) == "a: 1; b: 2; c: 3; … and 5 more"


def test_a_failure_is_told_in_its_own_sentence() -> None:
    assert words_of(SettingsError("DIRECT_TOKEN is missing.")) == "DIRECT_TOKEN is missing."
    assert words_of(KeyError("ad_id")) == "KeyError: 'ad_id'"
    assert words_of(RuntimeError()) == "RuntimeError"
