"""Is yesterday complete? What is asked first in the morning, answered for each account: by the runs that read the
day and by what the checks have found of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from clickhouse_connect.driver.client import Client

from tasks.load.frames import select
from tasks.load.migrate import migrated
from tasks.quality.checks import Check, Finding, Result, checks
from tasks.quality.findings import Kept, not_mended
from tasks.quality.looks import set_up
from tasks.quality.words import shown, who
from tasks.settings import MAIN, Settings
from tasks.translation import named, said

_WORDS = named(yes="yes", no="no", look="look", later="not yet")
_WHY = named(later="not loaded since the day was over", look="not all of it could be judged")
_OF_WHOLENESS = ("completeness_", "volume_", "order_ids")
"""Names of checks whose warnings are about what may be missing; of the others only failures count here."""


@dataclass(frozen=True)
class Answer:
    """`word`: yes, no, look (it may lack something) or later (it was not read since it was over). `found`: why, the
    worst first; of `look` it may be nothing, where a check could not be judged."""

    source: str
    account: str
    word: str
    found: tuple[Finding | Kept, ...] = ()

    def told(self, language: str) -> str:
        return said(_WORDS[self.word], language)

    def why(self, language: str) -> str:
        """The account, and why it is not a plain yes."""
        name = who(self.source, self.account, language)
        more = f" {said('(and {n} more)', language, n=len(self.found) - 1)}" if self.found[1:] else ""
        if self.found:
            return f"{name}: {self.found[0].said(language).removeprefix(f'{name}: ')}{more}"
        return f"{name}: {said(_WHY[self.word], language)}" if self.word in _WHY else name

    def remedy(self, language: str) -> str:
        """What to do; of `yes` nothing."""
        if self.found:
            one = self.found[0]
            check = _checks().get(one.check_name)
            return check.remedy(language) if check else ""
        account = "" if self.account == MAIN else f" --account {self.account}"
        command = {"later": f"zakaz load {self.source}{account}", "look": "zakaz quality"}
        return command.get(self.word, "")


def question(today: date, language: str) -> str:
    return said("Is yesterday, {day}, complete?", language, day=shown(today - timedelta(days=1), language))


def answers(settings: Settings, results: Sequence[Result], today: date) -> list[Answer]:
    """Of each account that is set up. `results`: those of a run of the checks as of this Moscow day; of checks that
    it left to the night, what is open. Raises WarehouseError."""
    day, judged = today - timedelta(days=1), {result.check.name for result in results}
    with migrated(settings) as client:
        accounts, read = set_up(client, settings), _read(client, day)
        kept = [one for one in not_mended(client) if one.status == "open" and one.check_name not in judged]
    found: list[Finding | Kept] = [one for result in results for one in result.findings if one.day == day]
    found += [one for one in kept if one.day == day]
    found.sort(key=lambda one: (not one.fails, -(one.money or 0)))
    unjudged = {
        source
        for one in results
        if one.hindered and (one.check.severity == "fail" or one.check.name.startswith(_OF_WHOLENESS))
        for source in one.check.sources
    }
    told = []
    for source, account in accounts:
        its = [one for one in found if one.source == source and one.account in (account, "")]
        wrong = tuple(one for one in its if one.fails)
        odd = tuple(one for one in its if is_of_wholeness(one))
        if (source, account) not in read:
            told.append(Answer(source, account, "later"))
        elif wrong:
            told.append(Answer(source, account, "no", wrong))
        else:
            told.append(Answer(source, account, "look" if odd or source in unjudged else "yes", odd))
    return told


def is_of_wholeness(found: Finding | Kept) -> bool:
    """Whether it says that something may be missing."""
    return found.check_name.startswith(_OF_WHOLENESS)


def _checks() -> dict[str, Check]:
    return {check.name: check for check in checks()}


def _read(client: Client, day: date) -> set[tuple[str, str]]:
    """Accounts of which a good run has read this Moscow day since it was over."""
    rows = select(
        client,
        "SELECT DISTINCT replaceOne(toString(job), '_loader', '') AS source, toString(account) AS account "
        "FROM meta_job_runs FINAL WHERE endsWith(job, '_loader') AND status = 'success' "
        "AND started_at >= toDateTime64({day:Date} + 1, 3, 'Europe/Moscow') "
        "AND toDate(JSONExtractString(metrics, 'window', 'first')) <= {day:Date} "
        "AND toDate(JSONExtractString(metrics, 'window', 'last')) >= {day:Date}",
        {"day": day},
    )
    return set(rows.rows())
