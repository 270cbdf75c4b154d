"""What days and things were like when they were last seen, `meta_memory`: figures of each day that loads left, and
attributes that checks saw. A check compares them with what there is now, and with what there was before.

One file of `sql/memory` each; a row is written only where something changed, so an unchanged reload costs nothing.
"""

import re
import uuid
from collections.abc import Iterable
from datetime import date

from clickhouse_connect.driver.client import Client

from tasks.load.runs import NEXT_VERSION
from tasks.load.sql import SqlFile, sql_files
from tasks.settings import SQL_DIR

TABLE = "meta_memory"
_FIRST, _LAST = date(1970, 1, 1), date(2149, 6, 5)
"""Of ClickHouse's Date, but for a day."""
_HEADER = re.compile(r"(?m)^-- (when|sources): (.+)$")
# What vanished is written with zeros once. `fill`: only days that changed, or of which nothing is known.
_REMEMBER = """
INSERT INTO meta_memory (what, source, account, thing, day, seen_on, figures, words, seen_by, _ver)
SETTINGS insert_deduplication_token = '/* token */'
SELECT
    {what:String}, source, account, thing, day, {today:Date},
    if(is_there, now_figures, mapApply((name, value) -> (name, toDecimal64(0, 2)), old_figures)),
    if(is_there, now_words, CAST(map(), 'Map(String, String)')),
    {seen_by:String}, (/* version */)
FROM
(
    SELECT
        source, account, thing, day,
        countIf(is_now) > 0 AS is_there,
        countIf(NOT is_now) > 0 AS was_there,
        anyIf(figures, is_now) AS now_figures,
        anyIf(words, is_now) AS now_words,
        anyIf(figures, NOT is_now) AS old_figures,
        anyIf(words, NOT is_now) AS old_words
    FROM
    (
        SELECT source, account, thing, day, figures, words, 1 AS is_now FROM (/* now */)
        UNION ALL
        SELECT source, account, thing, day, figures, words, 0 AS is_now FROM (/* before */)
    )
    GROUP BY source, account, thing, day
)
WHERE if(is_there, NOT was_there OR now_figures != old_figures OR now_words != old_words,
    notEmpty(old_words) OR arrayExists(value -> value != 0, mapValues(old_figures)))
    AND ({fill:UInt8} = 0 OR day IN {changed:Array(Date)} OR day NOT IN (SELECT day FROM (/* before */)))
"""


def remember_days(
    client: Client,
    source: str,
    account: str,
    days: Iterable[date],
    today: date,
    *,
    seen_by: str = "load",
    also_unknown: bool = False,
) -> None:
    """What a load left on the `days` that it changed, and, where `also_unknown`, as after an update of Zakaz, on
    days of which nothing is known. Never on other days: what changed there was no load."""
    days = sorted(set(days))
    if not (days or also_unknown):
        return
    for file, sources in _files("load"):
        if source not in sources:
            continue
        bounds: dict[str, object] = {"source": source, "account": account}
        if also_unknown:
            bounds |= {"days": [], "first": _FIRST, "last": _LAST}
        else:
            bounds |= {"days": days, "first": days[0], "last": days[-1]}
        _write(client, file, today, seen_by, bounds, changed=days)


def remember_attributes(client: Client, today: date) -> None:
    """What events, campaigns, aliases and rates are like, once checks have compared them with what they were."""
    for file, _ in _files("check"):
        _write(
            client, file, today, "check", {"source": "", "account": "", "days": [], "first": _FIRST, "last": _LAST}
        )


def _files(when: str) -> Iterable[tuple[SqlFile, set[str]]]:
    for file in sql_files("memory", SQL_DIR):
        header = dict(_HEADER.findall(file.text))
        if header["when"] == when:
            yield file, {name.strip() for name in header["sources"].split(",")}


def _write(
    client: Client,
    file: SqlFile,
    today: date,
    seen_by: str,
    bounds: dict[str, object],
    changed: list[date] | None = None,
) -> None:
    """`changed`: the days that a load changed; on others only what is not known is written. As of a Moscow day the
    newest state counts: of a load every quarter of an hour one row stays, once the server has merged the others.
    Until then nobody minds: who reads this table asks for the newest."""
    of = "" if seen_by == "check" else "AND source = {source:String} AND account = {account:String}"
    before = (
        "SELECT source, account, thing, day, argMax(figures, (seen_on, _ver)) AS figures, "
        f"argMax(words, (seen_on, _ver)) AS words FROM {TABLE} WHERE what = {{what:String}} {of} "
        "AND (empty({days:Array(Date)}) OR day IN {days:Array(Date)}) GROUP BY source, account, thing, day"
    )
    values = {"what": file.name, "today": today, "seen_by": seen_by, **bounds}
    values |= {"fill": int(changed is not None), "changed": changed or []}
    client.command(
        _REMEMBER.replace("/* now */", file.text)
        .replace("/* before */", before)
        .replace("/* version */", NEXT_VERSION)
        .replace("/* token */", uuid.uuid4().hex),
        parameters=values,
    )
