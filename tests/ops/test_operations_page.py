"""docs/operations.md in both languages: hours, times and messages are the program's, and both say the same."""

from __future__ import annotations

import ast
import re
from functools import cache
from typing import Any

import pytest

from ops.server.manifest import AUTOMATIONS_YAML, read
from tasks.settings import Settings
from tests.ops.files import ROOT
from tests.ops.pages import Page, deployments, page

ENGLISH, RUSSIAN = page("docs/operations.md"), page("docs/operations.ru.md")
BOTH = pytest.mark.parametrize("told", [ENGLISH, RUSSIAN], ids=lambda told: told.path.name)

ON_SUNDAYS = {ENGLISH: "Sunday", RUSSIAN: "воскресенье"}
OFTEN = {
    "*/15 * * * *": {ENGLISH: "every 15 minutes", RUSSIAN: "каждые 15 минут"},
    "5 */2 * * *": {ENGLISH: "every two hours", RUSSIAN: "каждые два часа"},
}
SPANS = {
    184: {ENGLISH: "half a year", RUSSIAN: "полгода"},
    60: {ENGLISH: "two months", RUSSIAN: "два месяца"},
    61: {ENGLISH: "two months", RUSSIAN: "два месяца"},
    2: {ENGLISH: "2 days", RUSSIAN: "2 дня"},
}
DEADLINES = {
    "no sign of life": {300: ("five minutes", "пять минут")},
    "runs wait": {3600: ("for an hour", "уже час")},
    "no good run of qtickets": {10800: ("three hours", "три часа")},
    # From half past three, when it ran, to ten the next morning.
    "no good run of vk_ads": {109800: ("10:00", "10:00")},
    "no good run of direct": {109200: ("10:00", "10:00")},
}


def schedule(told: Page) -> dict[str, tuple[str, str]]:
    """Deployment -> when and what it reads, in the page's words."""
    (table,) = [table for table in told.tables() if table[0][0] == "`qtickets/frequent`"]
    found: dict[str, tuple[str, str]] = {}
    for names, when, window in table:
        several = re.findall(r"`([^`]+)`", names)
        whens, windows = ([part.strip() for part in cell.split(";")] for cell in (when, window))
        assert len(whens) == len(windows) == len(several)
        found |= {name: (whens[n], windows[n]) for n, name in enumerate(several)}
    return found


def in_words(cron: str, told: Page) -> str:
    if cron in OFTEN:
        return OFTEN[cron][told]
    minute, hour, day, month, weekday = cron.split()
    assert (day, month) == ("*", "*") and weekday in "*0"
    return f"{ON_SUNDAYS[told]} " * (weekday == "0") + f"{int(hour):02}:{int(minute):02}"


@BOTH
def test_every_deployment_stands_there_with_its_hours_and_no_other(told: Page) -> None:
    declared = deployments()
    there = schedule(told)

    assert list(there) == list(declared)
    for name, (when, window) in there.items():
        schedules = declared[name].get("schedules", [])
        assert {s["timezone"] for s in schedules} <= {"Europe/Moscow"}
        if schedules:
            assert when == ", ".join(in_words(s["cron"], told) for s in schedules), name
        if days := declared[name].get("parameters", {}).get("days"):
            words = SPANS.get(days, {ENGLISH: f"{days} days", RUSSIAN: f"{days} дней"})
            assert window == words[told], name


@BOTH
def test_what_the_server_waits_for_is_told_with_its_time(told: Page) -> None:
    automations = {a["name"]: a["trigger"]["within"] for a in read(AUTOMATIONS_YAML)["automations"]}
    (table,) = [
        table for table in told.tables() if any("`ALERT_REPEAT_HOURS`" in row[2] for row in table if row[2:])
    ]
    troubles = " ".join(row[0] for row in table)
    for words, known in DEADLINES.items():
        (within,) = [seconds for name, seconds in automations.items() if words in name]
        assert known[within][told is RUSSIAN] in troubles, words


@cache
def messages() -> str:
    """All texts in flows and tasks, what is filled in as …"""
    texts = []
    for folder in ("flows", "tasks"):
        for file in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                if isinstance(node, ast.JoinedStr):
                    texts.append("".join(v.value if isinstance(v, ast.Constant) else "…" for v in node.values))  # type: ignore[misc]
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    texts.append(node.value)
    return "\n".join(texts)


@BOTH
def test_what_a_failed_run_says_is_what_the_program_says(told: Page) -> None:
    (table,) = [table for table in told.tables() if "is in use by" in table[-1][0]]
    quoted = [text for row in table for text in re.findall(r"`([^`]+)`", row[0])]

    assert len(quoted) > len(table)
    for text in quoted:
        pattern = ".*?".join(re.escape(part) for part in text.strip("… ").split("…"))
        assert re.search(pattern, messages()), text


def test_both_languages_have_the_same_parts_names_and_commands() -> None:
    def shape(told: Page) -> tuple[Any, ...]:
        levels = [heading.split()[0] for heading in told.headings]
        rows = [[len(row) for row in table] for table in told.tables()]
        links = [link.replace(".ru.md", ".md") for link in told.links]
        return levels, rows, sorted(links), told.text.count("\n**"), len(re.findall(r"(?m)^\d\. ", told.text))

    assert shape(ENGLISH) == shape(RUSSIAN)
    assert ENGLISH.blocks == RUSSIAN.blocks
    assert sorted(set(ENGLISH.names)) == sorted(set(RUSSIAN.names))


@BOTH
def test_the_backups_that_stay_are_as_many_as_it_says(told: Page) -> None:
    assert f"`BACKUP_KEEP` ({Settings.model_fields['backup_keep'].default})" in told.text
