"""Which messages people get of checks over several quality runs."""

from collections.abc import Iterator
from datetime import date
from uuid import uuid4

import pytest

from tasks.alerts.channel import Channel
from tasks.load.migrate import migrated
from tasks.quality.checks import Check, Result
from tasks.quality.run import run_checks
from tasks.settings import Settings

DAY = date(2025, 11, 20)
CHECK = Check("spend", "All spend is there", "Budgets hang on it", "fail", ("vk_ads", "direct"), {}, None, "")
OTHER = Check("sales", "All sales are there", "So do these", "fail", ("qtickets",), {}, None, "")
OK, BROKEN = Result(CHECK, "ok", 0, "", []), Result(CHECK, "broken", 1, "vk_ads lacks 2155 of 3410", [])
FINE, LACKS = Result(OTHER, "ok", 0, "", []), Result(OTHER, "broken", 1, "a day is missing", [])
NO_DATA = Result(CHECK, "unjudged", 1, "no data yet", [])
NOT_RUN = Result(CHECK, "unjudged", 1, "could not be run: it took longer than 120 seconds", [], hindered=True)
NEITHER = Result(OTHER, "unjudged", 1, "could not be run: thrown", [], hindered=True)


class Chat:
    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.messages: list[str] = []
        self.channel = Channel("chat", lambda subject, body: self.messages.append(f"{subject}\n{body}"))

    def titles_of(self, *results: Result, opens: bool = True) -> list[str]:
        """What a quality run with these results sends."""
        self.messages.clear()
        told = {"channel": self.channel, "sends_alerts": opens, "judge": lambda *_: list(results)}
        run_checks(self.settings, DAY, str(uuid4()), **told)  # type: ignore[arg-type]
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
}


@pytest.mark.parametrize("story", STORIES)
def test_what_is_told_over_several_quality_runs(chat: Chat, story: str) -> None:
    for results, titles in STORIES[story]:
        assert chat.titles_of(*results) == titles


def test_who_looks_on_is_sent_no_alert_but_that_it_is_resolved(chat: Chat) -> None:
    assert chat.titles_of(BROKEN, opens=False) == []
    chat.titles_of(BROKEN)
    (text,) = chat.messages
    assert text.endswith(
        "\nvk_ads lacks 2155 of 3410\nBudgets hang on it.\nSources: vk_ads, direct. See `zakaz quality`."
    )
    assert chat.titles_of(OK, opens=False) == [f"Resolved: {SPEND}"]


def test_a_check_that_is_left_to_the_night_keeps_its_alert_and_counts_from_night_to_night(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.quality.run.checks", lambda: [CHECK, OTHER])
    nights = (
        (BROKEN, [SPEND]),
        (OK, [f"Resolved: {SPEND}"]),
        (NOT_RUN, []),
        (NOT_RUN, [ONE]),
        (OK, [f"Resolved: {ONE}"]),
    )
    for result, titles in nights:
        assert chat.titles_of(result, FINE) == titles
        assert chat.titles_of(FINE) == []
