"""Asks the questions of one account, one after the other, through the source's own client."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

from polars.exceptions import PolarsError

from tasks.errors import SourceError
from tasks.fetch import traffic
from tasks.settings import Settings
from tasks.sources.accounts import Account
from tasks.unknowns.question import Interview, Judged, Question, Verdict
from tasks.unknowns.shapes import Shaper
from tasks.unknowns.watch import Exchange, Watch

logger = logging.getLogger("zakaz.probe")
T = TypeVar("T")
_PATIENCE = {"http_attempts": 1, "http_deadline": 60.0, "direct_report_deadline": 300.0}
"""Somebody waits, and asks again. A retry is a line in the log, which names the path."""


@dataclass(frozen=True)
class Reply(Generic[T]):
    """`value`: None where there was no usable reply; `status` is then the HTTP status, 0 where nothing came."""

    status: int
    value: T | None


class Calls:
    """The calls of one interview: the same one is made once, whichever questions need it."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self._made: dict[object, Reply[Any]] = {}

    async def once(self, key: object, call: Callable[[], Awaitable[T]]) -> Reply[T]:
        if key not in self._made:
            before = len(self.watch.exchanges)
            try:
                value = await call()
            except SourceError:
                value = None
            came = len(self.watch.exchanges) > before
            self._made[key] = Reply(self.watch.last_status if came else 0, value)
        return self._made[key]


@dataclass(frozen=True)
class Answered:
    """`is_odd`: the reply is none that this question knows how to read."""

    question: Question
    judged: Judged | None
    is_odd: bool = False

    @property
    def verdict(self) -> Verdict | None:
        return self.question.answers[self.judged.answer] if self.judged else None


def ask_all(interview: Interview, account: Account, key: bytes) -> tuple[list[Answered], list[Exchange]]:
    """What came of each question that is one for the account. `key`: for the ids in the shapes.

    Raises SettingsError, and SourceError where no call succeeded and nothing was told.
    """
    settings = account.settings
    patient = {name: min(getattr(settings, name), most) for name, most in _PATIENCE.items()}
    watch = Watch(interview.reads, hosts_of(account.source.reads(settings)), Shaper(key))
    with traffic.watched_by(watch):
        answered = asyncio.run(_ask(interview, settings.model_copy(update=patient), watch))
    is_told = any(one.judged or one.is_odd for one in answered)
    if not is_told and not any(one.is_success for one in watch.exchanges):
        seen = ", ".join(sorted({f"HTTP {one.status}" for one in watch.exchanges})) or "no reply"
        raise SourceError(f"{account.title} answered no question ({seen}). `zakaz smoke` says what is wrong.")
    return answered, watch.exchanges


async def _ask(interview: Interview, settings: Settings, watch: Watch) -> list[Answered]:
    answered = []
    async with interview.opened(settings, watch) as calls:
        for question in interview.questions:
            if question.is_for(settings):
                watch.question = question.id
                answered.append(await _answer(question, calls))
    return answered


async def _answer(question: Question, calls: Any) -> Answered:
    """Whatever an API sends ends no probe: that it is odd is what those who mend want to know. Of the error only
    its kind is told, since its text may quote the reply."""
    try:
        return Answered(question, question.judge(await question.ask(calls)))
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, PolarsError) as error:
        logger.warning("the reply to %s is of another kind than known (%s)", question.id, type(error).__name__)
        return Answered(question, None, is_odd=True)


def hosts_of(address: str) -> tuple[str, ...]:
    """Where a probe may send its calls: the account's own address, and the other names of the same API."""
    host = urlsplit(address).hostname or ""
    return (host, *others_of(host))


_SAME = (("ads.vk.com", "ads.vk.ru"), ("127.0.0.1", "localhost"))
"""Names of one API, and those of this machine, where the stand-ins are."""


def others_of(host: str) -> tuple[str, ...]:
    return tuple(other for names in _SAME if host in names for other in names if other != host)
