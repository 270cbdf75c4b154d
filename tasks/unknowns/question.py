"""What a question to a live API is, as data: what is asked, which answers there are and what follows from each.

Knows no API. The words are in `questions.toml`, how a question is asked and judged in a module a source.
"""

from __future__ import annotations

import tomllib
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from tasks.settings import Settings
from tasks.unknowns.watch import Read, Watch

Facts = Mapping[str, Any]
"""What was observed, for the judge: counts, names of fields and flags."""


class Words(NamedTuple):
    en: str
    ru: str

    def of(self, language: str) -> str:
        return self.ru if language == "ru" else self.en


class Judged(NamedTuple):
    """`value`: of the answer's setting, where the answer alone does not tell it."""

    answer: str
    value: str = ""


@dataclass(frozen=True)
class Verdict:
    """One answer. `fits`: the values of `setting` that go with it, the first of which `--apply` writes."""

    words: Words
    setting: str = ""
    fits: tuple[str, ...] = ()
    report: bool = False
    """Zakaz has no setting for it: those who mend it should hear of it."""

    def values(self, value: str) -> tuple[str, ...]:
        return (value,) if value else self.fits


@dataclass(frozen=True)
class Question:
    """`ask` makes few calls, shared with the other questions of the source; `judge` is pure, and None where what
    was observed does not tell. `needs`: what must be there for an answer."""

    id: str
    asks: Words
    meanwhile: Words
    """What the code does while nobody knows."""
    needs: Words
    decides: str
    """A setting, or a place in the code."""
    since: str
    ask: Callable[[Any], Awaitable[Facts]]
    judge: Callable[[Facts], Judged | None]
    answers: Mapping[str, Verdict]
    is_for: Callable[[Settings], bool]


def declared(
    name: str,
    ask: Callable[[Any], Awaitable[Facts]],
    judge: Callable[[Facts], Judged | None],
    is_for: Callable[[Settings], bool] = lambda _: True,
) -> Question:
    """The question of this name in `questions.toml`. `is_for`: whether an account with these settings is asked."""
    told = _declarations()[name]
    asks, meanwhile, needs = (Words(**told[part]) for part in ("asks", "meanwhile", "needs"))
    answers = {
        answer: Verdict(
            Words(given["en"], given["ru"]),
            given.get("setting", ""),
            tuple(given.get("fits", ())),
            given.get("report", False),
        )
        for answer, given in told["answers"].items()
    }
    since, decides = str(told["since"]), told["decides"]
    return Question(name, asks, meanwhile, needs, decides, since, ask, judge, answers, is_for)


@cache
def _declarations() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("questions.toml").read_text("utf-8"))


@dataclass(frozen=True)
class Interview:
    """All questions to one source. `reads`: every call that may be made, anything else is refused. `opened` gives
    what the questions' `ask` takes."""

    source: str
    reads: tuple[Read, ...]
    opened: Callable[[Settings, Watch], AbstractAsyncContextManager[Any]]
    questions: tuple[Question, ...]
