"""The newest answers of each account, `meta_answers`, and which settings they contradict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version

import polars as pl
from clickhouse_connect.driver.client import Client

from tasks.load.frames import insert, select
from tasks.settings import Settings
from tasks.sources.accounts import Account
from tasks.unknowns import INTERVIEWS
from tasks.unknowns.asking import Answered
from tasks.unknowns.question import Judged, Question

TABLE = "meta_answers"


@dataclass(frozen=True)
class Contradiction:
    """A setting that does not go with an answer: what it is, and what would go with it."""

    question: Question
    judged: Judged
    setting: str
    is_now: str
    right: str


def keep(client: Client, account: Account, answered: Iterable[Answered]) -> None:
    """A question that stays open keeps its older answer."""
    now = datetime.now(UTC)
    rows = [
        {
            "source": account.source.name,
            "account": account.name,
            "question": one.question.id,
            "answer": one.judged.answer,
            "value": one.judged.value,
            "answered_at": now,
            "version": version("zakaz"),
            "_ver": int(now.timestamp() * 1000),
        }
        for one in answered
        if one.judged
    ]
    columns = (pl.col("answered_at").dt.cast_time_unit("ms"), pl.col("_ver").cast(pl.UInt64))
    if rows:
        insert(client, TABLE, pl.DataFrame(rows).with_columns(columns))


def newest(client: Client, account: Account) -> dict[str, tuple[Judged, datetime]]:
    """By question. Empty in a warehouse that has no such table yet."""
    if not client.command(f"EXISTS TABLE {TABLE}"):
        return {}
    rows = select(
        client,
        f"SELECT question, answer, value, answered_at FROM {TABLE} FINAL "  # noqa: S608 - a name of ours
        "WHERE source = {source:String} AND account = {account:String}",
        {"source": account.source.name, "account": account.name},
    )
    return {row[0]: (Judged(row[1], row[2]), row[3]) for row in rows.iter_rows()}


def contradictions(settings: Settings, source: str, answers: dict[str, Judged]) -> Iterator[Contradiction]:
    """An answer that this version no longer has contradicts nothing."""
    interview = INTERVIEWS.get(source)
    for question in interview.questions if interview else ():
        judged = answers.get(question.id)
        verdict = question.answers.get(judged.answer) if judged else None
        if judged is None or verdict is None or not (right := verdict.values(judged.value)):
            continue
        is_now = _text(getattr(settings, verdict.setting.lower()))
        if is_now not in right:
            yield Contradiction(question, judged, verdict.setting, is_now, right[0])


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
