"""`zakaz probe`: asks each account what only it can tell, says what follows, and keeps what it found."""

from __future__ import annotations

import json
import os
import secrets
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import typer

from cli.terminal import complain, say, working
from tasks.errors import SettingsError, UsageError, ZakazError
from tasks.exposure import make_private
from tasks.load.migrate import migrated
from tasks.settings import HOME, file_that_sets, load_settings
from tasks.sources.accounts import Account, wanted
from tasks.translation import said
from tasks.unknowns import INTERVIEWS
from tasks.unknowns.answers import Contradiction, contradictions, keep
from tasks.unknowns.asking import Answered, ask_all
from tasks.unknowns.question import Words
from tasks.unknowns.token_file import write
from tasks.unknowns.watch import Exchange

FOLDER = HOME / "data" / "probe"
_OPEN = Words("Not told. It takes: {}.", "Не выяснено. Для этого нужно: {}.")
_REPORT = Words("Please report this with the file below.", "Сообщите нам об этом и приложите файл, указанный ниже.")
_ODD = Words("The reply is of another kind than known.", "Ответ не такой, каким его знают.")
_SET = Words(
    "Set {}={} in {} (now {}), or say `zakaz probe --apply`.",
    "Поставьте {}={} в {} (сейчас {}) или выполните `zakaz probe --apply`.",
)
_WRITES = Words("{}: {}={} instead of {}", "{}: {}={} вместо {}")
_WRITTEN = Words("Written. The next load reads it.", "Записано. Следующая загрузка это прочтёт.")
_SURE = Words("Write this?", "Записать?")
_FILE = Words(
    "Shapes of the replies, without any value: {}",
    "Вид ответов, без единого значения: {}",
)


def run_probe(source: str, account: str | None, apply: bool) -> int:
    """Print the answers of each account and give the exit status. One that fails does not stop the others."""
    settings = load_settings()
    accounts = [one for one in wanted(source, account, settings) if one.source.name in INTERVIEWS]
    if not accounts:
        raise UsageError(f"There is nothing to ask {source}. Sources with questions: {', '.join(INTERVIEWS)}.")
    key, status = secrets.token_bytes(32), 0
    told: list[tuple[Account, list[Answered], list[Exchange]]] = []
    for one in accounts:
        try:
            one.check()
            with working(said("Asking {title}", settings.zakaz_language, title=one.title)):
                answered, exchanges = ask_all(INTERVIEWS[one.source.name], one, key)
        except ZakazError as error:
            complain(f"{one.label}: {error}")
            status = error.exit_status if not status else min(status, error.exit_status)
            continue
        told.append((one, answered, exchanges))
        say("\n".join([one.title, *_lines(one, answered, settings.zakaz_language)]))
    if not told:
        return status
    file = write_shapes(told)
    say(_FILE.of(settings.zakaz_language).format(file))
    with migrated(settings) as client:
        for one, answered, _ in told:
            keep(client, one, answered)
    if apply:
        for one, answered, _ in told:
            _apply(one, answered, settings.zakaz_language)
    return status


def _lines(account: Account, answered: list[Answered], language: str) -> Iterator[str]:
    wrong = {found.question.id: found for found in _contradicted(account, answered)}
    for one in answered:
        yield f"  {one.question.asks.of(language)}"
        if one.is_odd:
            yield f"    {_ODD.of(language)} {_REPORT.of(language)}"
            continue
        if one.verdict is None:
            yield f"    {_OPEN.of(language).format(one.question.needs.of(language))}"
            continue
        yield f"    {one.verdict.words.of(language)}"
        if found := wrong.get(one.question.id):
            place = _place(account, found.setting)
            yield f"    {_SET.of(language).format(found.setting, found.right, place, found.is_now)}"
        if one.verdict.report:
            yield f"    {_REPORT.of(language)}"


def _place(account: Account, setting: str) -> str:
    try:
        return str(file_that_sets(account.settings, account.source.word, setting))
    except SettingsError:
        return "the environment"


def _contradicted(account: Account, answered: list[Answered]) -> list[Contradiction]:
    answers = {one.question.id: one.judged for one in answered if one.judged}
    return list(contradictions(account.settings, account.source.name, answers))


def _apply(account: Account, answered: list[Answered], language: str) -> None:
    """Show it, ask where somebody can answer, and write it."""
    files: dict[Path, dict[str, str]] = {}
    for found in _contradicted(account, answered):
        file = file_that_sets(account.settings, account.source.word, found.setting)
        files.setdefault(file, {})[found.setting] = found.right
        say(_WRITES.of(language).format(file, found.setting, found.right, found.is_now))
    if files and (not sys.stdin.isatty() or typer.confirm(_SURE.of(language), err=True)):
        for file, values in files.items():
            write(file, values)
        say(_WRITTEN.of(language))


def _once(calls: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Numbered; a reply that looks like an earlier one is named by its number, so that the file can be read."""
    replies = [one["reply"] for one in calls]
    same = [replies.index(reply) for reply in replies]
    return [
        {"number": number, **one, "reply": one["reply"] if first == number else f"like call {first}"}
        for number, (one, first) in enumerate(zip(calls, same, strict=True))
    ]


def write_shapes(told: list[tuple[Account, list[Answered], list[Exchange]]]) -> Path:
    """A new file, its owner's alone; see docs/unknowns.md."""
    now = datetime.now(UTC)
    shapes = {
        "zakaz": version("zakaz"),
        "asked_on": str(now.date()),
        "accounts": [
            {
                "source": account.source.name,
                "answers": {one.question.id: one.judged.answer for one in answered if one.judged},
                "calls": _once([one.seen for one in exchanges]),
            }
            for account, answered, exchanges in told
        ],
    }
    make_private(FOLDER)
    file = FOLDER / f"probe-{now:%Y%m%dT%H%M%S}-{secrets.token_hex(2)}.json"
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        json.dump(shapes, out, ensure_ascii=False, indent=1)
    return file
