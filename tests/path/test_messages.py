"""Which messages people get of checks over several quality runs."""

from collections.abc import Iterator
from datetime import date
from uuid import uuid4

import pytest

from tasks.alerts.channel import Channel
from tasks.load.migrate import migrated
from tasks.quality.checks import Check, Finding, Known, Result, judged
from tasks.quality.run import run_checks
from tasks.settings import Settings

DAY = date(2025, 11, 20)
CHECK = Check("spend", "All spend is there", "Budgets hang on it", "fail", ("vk_ads", "direct"), {}, None, "")
OTHER = Check("sales", "All sales are there", "So do these", "fail", ("qtickets",), {}, None, "")


def broken(check: Check, what: str) -> Result:
    source = check.sources[0]
    return judged(check, [Finding(check, "k", "fail", source, "main", None, None, what, what)], 1, Known())


OK, BROKEN = Result(CHECK, "ok", 0, "", []), broken(CHECK, "2155 of 3410 are missing")
FINE, LACKS = Result(OTHER, "ok", 0, "", []), broken(OTHER, "a day is missing")
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
def chat(clickhouse_dsn: str, ready_database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Chat]:
    where = {"clickhouse_dsn": clickhouse_dsn, "clickhouse_database": ready_database}
    settings = Settings(_env_file=None, zakaz_language="en", **where)
    monkeypatch.setattr("tasks.quality.run.checks", lambda: [CHECK, OTHER])
    with migrated(settings):
        yield Chat(settings)


SPEND, SALES = "WRONG: VK Ads: 2155 of 3410 are missing", "WRONG: QTickets: a day is missing"
ONE, TWO = "1 check could not be judged, twice in a row", "2 checks could not be judged, twice in a row"
BY_DAY: tuple[tuple[Result, ...], list[str]] = ((FINE,), [])
STORIES: dict[str, list[tuple[tuple[Result, ...], list[str]]]] = {
    "only ok resolves a broken check": [
        ((BROKEN,), [SPEND]), ((NO_DATA,), []), ((BROKEN,), []), ((OK,), [f"Resolved: {SPEND}"]), ((OK,), []),
    ],
    "each account has its own": [
        ((BROKEN,), [SPEND]), ((LACKS,), [SALES]), ((FINE,), [f"Resolved: {SALES}"]), ((OK,), [f"Resolved: {SPEND}"]),
    ],
    "once may be chance, twice in a row is told": [
        ((NOT_RUN,), []), ((NOT_RUN, NEITHER), [ONE]), ((NOT_RUN, NEITHER), [TWO]), ((NOT_RUN, NEITHER), []),
        ((OK, FINE), [f"Resolved: {TWO}"]),
    ],
    "a good run between is no alarm": [((one,), []) for one in (NOT_RUN, OK, NOT_RUN, NO_DATA, NOT_RUN)],
    "what is left to the night keeps its alert and counts from night to night": [
        ((BROKEN, FINE), [SPEND]), BY_DAY, ((OK, FINE), [f"Resolved: {SPEND}"]), BY_DAY, ((NOT_RUN, FINE), []), BY_DAY,
        ((NOT_RUN, FINE), [ONE]), BY_DAY, ((OK, FINE), [f"Resolved: {ONE}"]),
    ],
}  # fmt: skip


@pytest.mark.parametrize("story", STORIES)
def test_what_is_told_over_several_quality_runs(chat: Chat, story: str) -> None:
    for results, titles in STORIES[story]:
        assert chat.titles_of(*results) == titles


def test_who_looks_on_is_sent_no_alert_but_its_end_and_a_check_that_was_renamed_is_closed_in_words(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert chat.titles_of(BROKEN, opens=False) == []
    chat.titles_of(BROKEN)
    (text,) = chat.messages
    assert text.count("2155 of 3410 are missing") == 1, "the title says it"
    assert chat.titles_of(OK, opens=False) == [f"Resolved: {SPEND}"]
    chat.titles_of(BROKEN)
    monkeypatch.setattr("tasks.quality.run.checks", lambda: [OTHER])
    assert chat.titles_of(FINE) == [f"Closed: {SPEND}"]
    assert "A check was removed or renamed" in chat.messages[0]
