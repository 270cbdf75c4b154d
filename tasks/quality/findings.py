"""The life of what checks find, `meta_findings`: open, accepted by a person, mended.

A finding is mended only when what was wrong was looked at again and is right; of a report, its rows as well; of
what loads left, whatever else is exact of that day. A check that could not be judged, that was judged as of an
earlier day, or of which there were too many rows to keep, ends none; nor does an account that is no longer set up.
"""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TypeVar

import polars as pl
from clickhouse_connect.driver.client import Client

from tasks.errors import UsageError
from tasks.load.frames import insert, select
from tasks.load.runs import Run
from tasks.load.upsert import merge
from tasks.quality.checks import STORIES, Accounts, Check, Finding, Known, Result
from tasks.translation import either

TABLE, ACCEPTED = "meta_findings", "meta_accepted"
_OF_MEMORY = "memory_"
"""Checks of this name compare with what a load left."""
_MONEY = pl.Decimal(18, 2)
_INSTANT = pl.Datetime("ms", "UTC")
_TYPES = {
    **dict.fromkeys(("opened_at", "seen_at", "closed_at"), _INSTANT),
    "day": pl.Date(),
    "money": _MONEY,
    "_ver": pl.UInt64(),
}
_COLUMNS = (
    "check_name, finding, opened_at, seen_at, closed_at, status, severity, story, source, account, day, money, "
    "what, what_ru, run_id"
)


@dataclass(frozen=True)
class Kept:
    """A finding as it is kept."""

    check_name: str
    finding: str
    opened_at: datetime
    seen_at: datetime
    closed_at: datetime | None
    status: str
    severity: str
    story: str
    source: str
    account: str
    day: date | None
    money: Decimal | None
    what: str
    what_ru: str
    run_id: str

    @property
    def fails(self) -> bool:
        return self.severity == "fail"

    def said(self, language: str) -> str:
        return either(language, self.what, self.what_ru)


_Found = TypeVar("_Found", bound=Finding | Kept)


def known_findings(client: Client, today: date) -> Known:
    """What a look has to know: which findings are not mended, and which are accepted on this day."""
    open_ones: dict[str, dict[str, date | None]] = {}
    for one in not_mended(client):
        open_ones.setdefault(one.check_name, {})[one.finding] = one.day
    accepted: dict[str, list[str]] = {}
    rows = select(
        client,
        f"SELECT toString(check_name), finding FROM {ACCEPTED} FINAL WHERE until >= {{today:Date}}",
        {"today": today},
    )
    for check, finding in rows.rows():
        accepted.setdefault(check, []).append(finding)
    return Known(open_ones, accepted)


def not_mended(client: Client) -> list[Kept]:
    """All findings, open or accepted, the newest first."""
    texts = ("check_name", "status", "severity", "story", "source", "account")
    columns = ", ".join(f"toString({name}) AS {name}" if name in texts else name for name in _COLUMNS.split(", "))
    found = select(
        client, f"SELECT {columns} FROM {TABLE} FINAL WHERE closed_at IS NULL ORDER BY opened_at DESC, finding"
    )
    return [Kept(*row) for row in found.rows()]


def settle(
    client: Client,
    run: Run,
    now: datetime,
    results: Iterable[Result],
    checks: Sequence[Check],
    accounts: Accounts,
    known: Known,
) -> list[Kept]:
    """Keep what these looks found and end what they found mended. Gives all that is not, and what has ended now.
    `known`: as it is after the looks, during which somebody may have accepted something."""
    before = {(one.check_name, one.finding): one for one in not_mended(client)}
    after = dict(before)
    for result in results:
        for one in (*result.findings, *result.accepted):
            status = "accepted" if known.is_accepted(one.check.name, one.key) else "open"
            after[one.check.name, one.key] = _seen(before.get((one.check.name, one.key)), one, status, run, now)
        if result.status == "unjudged" or result.is_cut:
            continue
        for key, kept in before.items():
            if kept.check_name == result.check.name and _is_right(kept, result, accounts):
                after[key] = replace(kept, status="mended", closed_at=now)
    of_name = {check.name: check for check in checks}
    still_open = [kept for kept in after.values() if kept.status == "open"]
    for key, kept in before.items():
        if kept.check_name not in of_name:
            after[key] = replace(kept, status="dropped", closed_at=now)
        elif after[key].status == "mended" and _is_of_wrong_rows(kept, still_open, of_name):
            after[key] = kept
    _write(client, [kept for key, kept in after.items() if kept is not before.get(key)])
    return list(after.values())


def follows(one: Kept, checks: Mapping[str, Check]) -> bool:
    """Whether it is of a report, which is wrong where its rows are."""
    return one.check_name in checks and bool(checks[one.check_name].follows)


def wrong_days(found: Iterable[Kept], checks: Mapping[str, Check]) -> set[date]:
    """Of which rows are not what they should be."""
    return {one.day for one in found if one.fails and one.story == "exact" and one.day and not follows(one, checks)}


def is_beneath(one: Kept, wrong: set[date], checks: Mapping[str, Check]) -> bool:
    """Whether it is wrong because rows of its day are, of its month, or of any day where it is of all."""
    if not wrong or not follows(one, checks):
        return False
    if one.day:
        return one.day in wrong
    named = dict(zip(checks[one.check_name].key, one.finding.split("/"), strict=False))
    months = {f"{day:%Y-%m}-01" for day in wrong}
    return "month" not in named or named["month"] in months


def _is_of_wrong_rows(one: Kept, still_open: Iterable[Kept], checks: Mapping[str, Check]) -> bool:
    """A report that was made anew equals its rows again, and a day is what a load has remembered anew: the rows are
    no better for it."""
    sources = (one.source, *checks[one.check_name].follows)
    near = [other for other in still_open if other.source in sources and one.account in ("", other.account)]
    wrong = wrong_days(near, checks)
    return is_beneath(one, wrong, checks) or (one.check_name.startswith(_OF_MEMORY) and one.day in wrong)


def is_newest_day(client: Client, today: date) -> bool:
    """Whether no run has judged as of a later day: who looks back ends nothing."""
    # A run as of a day to come says nothing of today.
    past = "day <= toDate(now(), 'Europe/Moscow')"
    newest = select(client, f"SELECT max(day) AS newest FROM meta_quality_checks WHERE {past}").item()
    return newest is None or today >= newest


def accept(client: Client, check: Check, key: str, until: date, why: str, now: datetime) -> list[Kept]:
    """Accept a finding, or with a * behind all whose names begin so, up to and with a day. Those that are open now.
    Raises UsageError where there is no such finding."""
    of_check = [one for one in not_mended(client) if one.check_name == check.name]
    known = Known(accepted={check.name: [key]})
    found = [one for one in of_check if known.is_accepted(check.name, one.finding)]
    if not found:
        hint = _nearest(key, [one.finding for one in of_check]) or f" {check.name} has no open finding."
        raise UsageError(f"{check.name} has found nothing that is called {key}.{hint}")
    _write_acceptance(client, check, key, until, why, now)
    accepted = [replace(one, status="accepted", seen_at=max(now, one.seen_at)) for one in found]
    _write(client, accepted)
    return accepted


def reopen(client: Client, check: Check, key: str, today: date, now: datetime) -> list[Kept]:
    """Take back that a finding, or with a * behind all whose names begin so, is accepted: under the name by which
    it was. The findings that nothing else accepts. Raises UsageError where nothing of that name is accepted."""
    known = known_findings(client, today).accepted.get(check.name, [])
    if key not in known:
        hint = _nearest(key, known)
        raise UsageError(f"Of {check.name} nothing is accepted that is called {key}.{hint}")
    _write_acceptance(client, check, key, today - timedelta(days=1), "", now)
    left = known_findings(client, today)
    found = [
        replace(one, status="open", seen_at=max(now, one.seen_at))
        for one in not_mended(client)
        if one.check_name == check.name
        and one.status == "accepted"
        and not left.is_accepted(check.name, one.finding)
    ]
    _write(client, found)
    return found


def _nearest(key: str, names: Sequence[str]) -> str:
    """The one that is most like it, however little: there are few, and one of them was meant."""
    near = difflib.get_close_matches(key, names, n=1, cutoff=0) or names[:1]
    return f" Did you mean {near[0]}?" if near else ""


def worst_first(found: Iterable[_Found], checks: Iterable[Check]) -> list[_Found]:
    """Failures before warnings; a report that is wrong since rows are after the rows."""
    reports = {check.name for check in checks if check.follows}

    def weight(one: _Found) -> tuple[object, ...]:
        story = STORIES.index(one.story)
        return not one.fails, one.check_name in reports, story, -(one.money or 0), one.source, one.what

    return sorted(found, key=weight)


_LISTED = f"""
WITH (
    SELECT groupArray((toString(check_name), finding, until, why))
    FROM (SELECT * FROM {ACCEPTED} FINAL WHERE until >= {{today:Date}} ORDER BY accepted_at DESC)
) AS known,
arrayFirst(
    one -> one.1 = check_name
        AND if(endsWith(one.2, '*'), startsWith(finding, substring(one.2, 1, length(one.2) - 1)), finding = one.2),
    known
) AS acceptance
SELECT
    opened_at, status, severity, check_name, finding, day, money, what, what_ru, source, account,
    if(status = 'accepted', acceptance.2, '') AS accepted_as,
    if(status = 'accepted' AND acceptance.2 != '', acceptance.3, NULL) AS until,
    if(status = 'accepted', acceptance.4, '') AS why
FROM {TABLE} FINAL
WHERE closed_at IS NULL
ORDER BY status DESC, severity, has({{reports:Array(String)}}, toString(check_name)),
    max(opened_at) OVER (PARTITION BY status, severity, check_name, source, account) DESC,
    check_name, source, account, accepted_as, opened_at DESC, day, finding
"""


def listing(client: Client, checks: Iterable[Check], today: date) -> pl.DataFrame:
    """What is not mended, the worst and newest first, reports after their cause, and those of one check and account
    together. Of an accepted one also under which name, `until` when and `why`: of the newest acceptance that is
    about it."""
    reports = [check.name for check in checks if check.follows]
    return select(client, _LISTED, {"reports": reports, "today": today})


def _write_acceptance(client: Client, check: Check, key: str, until: date, why: str, now: datetime) -> None:
    row = {"check_name": check.name, "finding": key, "until": until, "why": why, "accepted_at": now}
    frame = pl.DataFrame(
        [row | {"_ver": _version(now)}], schema_overrides={"accepted_at": _INSTANT, "_ver": pl.UInt64}
    )
    insert(client, ACCEPTED, frame)
    merge(client, ACCEPTED)


def _is_right(kept: Kept, result: Result, accounts: Accounts) -> bool:
    if kept.finding in result.present:
        return False
    looks_at_accounts = "{accounts:" in result.check.sql
    return not (looks_at_accounts and kept.account and (kept.source, kept.account) not in accounts)


def _seen(kept: Kept | None, one: Finding, status: str, run: Run, now: datetime) -> Kept:
    return Kept(
        one.check.name,
        one.key,
        kept.opened_at if kept else now,
        now,
        None,
        status,
        one.severity,
        one.check.story,
        one.source,
        one.account,
        one.day,
        one.money,
        one.what,
        one.what_ru,
        run.run_id,
    )


def _write(client: Client, kept: list[Kept]) -> None:
    if not kept:
        return
    rows = [vars(one) | {"_ver": _version(one.closed_at or one.seen_at)} for one in kept]
    insert(client, TABLE, pl.DataFrame(rows, schema_overrides=_TYPES, infer_schema_length=None))
    merge(client, TABLE)


def _version(now: datetime) -> int:
    return int(now.timestamp() * 1000)
