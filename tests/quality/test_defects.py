"""Defects are caught by the checks that are for them, and by no other; what only looks like one breaks none."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from clickhouse_connect.driver.client import Client

from tasks.load.sql import sql_files, sql_text
from tasks.quality.checks import Check, checks
from tests.quality import healthy
from tests.quality.healthy import DATA, MARTS, META, REFERENCE, TODAY, TOLD, Truth

DAYS = 110
_DAYS_OF = {
    "stg_qtickets_tickets": ("{booked_on}", ", amount + {more} AS amount, price + {more} AS price"),
    "dim_events": ("{today} - 4", ""),
    "fact_vk_ads_daily": ("stat_date", ", spent + {more} AS spent, impressions + {more} AS impressions"),
    "fact_direct_daily": ("stat_date", ", spent + {more} AS spent, impressions + {more} AS impressions"),
    "meta_job_runs": ("toDate(started_at, 'Europe/Moscow')", ""),
}


def _account(name: str, more: int, since: int, until: int) -> str:
    """Statements that make another account of what `main` has had in these days: the same ids, all figures higher."""
    return ";\n".join(
        f"INSERT INTO {table} SELECT * REPLACE ('{name}' AS account{figures.replace('{more}', str(more))}) FROM "
        f"(SELECT * FROM {table} WHERE account = 'main' AND {day} BETWEEN {{today}} - {since} AND {{today}} - {until})"
        for table, (day, figures) in _DAYS_OF.items()
    )


ACCOUNTS = {
    "spb": _account("spb", 7, DAYS, 0), "spb_ended": _account("spb", 7, DAYS, 4),
    "gone": _account("gone", 14, DAYS, 4), "twin": _account("twin", 0, 6, 3),
}  # fmt: skip
_HEAD = re.compile(
    r"-- (?P<name>.+)\n-- (?P<caught_by>[\w, ]+?)(?: \((?P<after>loaded|shown)\))?(?: of (?P<account>\w+))?\n"
)


@dataclass(frozen=True)
class Defect:
    name: str
    caught_by: set[str]
    after: str | None
    account: str | None
    """The only one that is to be named."""
    statements: list[str]

    @property
    def touched(self) -> set[str]:
        named = {table for table in (*DATA, *META, *REFERENCE) if any(table in text for text in self.statements)}
        marts = {mart.table.name for mart in MARTS} if self.after else set()
        return named | marts | (TOLD if self.after == "loaded" else set())

    @property
    def views(self) -> set[str]:
        return {name for text in self.statements for name in re.findall(r"REPLACE VIEW (\w+)", text)}


def _defects() -> Iterator[Defect]:
    about, *blocks = (Path(__file__).parent / "defects.sql").read_text("utf-8").split("\n\n")
    words = {**ACCOUNTS, **dict(re.findall(r"-- \{(\w+)\} = (.+)", about)), "today": f"toDate('{TODAY}')"}
    for block in blocks:
        head = _HEAD.match(block)
        assert head, block
        text = block[head.end() :]
        for word, meaning in words.items():
            text = text.replace(f"{{{word}}}", meaning)
        statements = [statement.strip() for statement in text.split(";\n") if statement.strip(" ;\n")]
        caught_by = set(head["caught_by"].split(", ")) - {"nothing"}
        caught = (caught_by, head["after"], head["account"])
        yield Defect(head["name"], *caught, [s.rstrip(";") for s in statements])


DEFECTS = list(_defects())
VIEWS = {file.name: re.sub("--.*", "", file.text) for file in sql_files("views")}


def _named(text: str) -> set[str]:
    """What a statement names, and what the views among it do."""
    words = set(re.findall(r"\w+", text))
    return words.union(*(_named(VIEWS[word]) for word in words & VIEWS.keys()))


READ_BY = {check.name: _named(f"{check.unjudged_sql} {check.sql}") for check in checks()}
"""No other defect can move what a check says."""


def _concerned(defect: Defect) -> list[Check]:
    """Those that must see it and a ninth of the others that it could move, which ninth depends on its place among all;
    where nothing is to be seen, all that it could move."""
    moved = [check for check in checks() if READ_BY[check.name] & (defect.touched | defect.views)]
    others = [check for check in moved if check.name not in defect.caught_by]
    kept = others[DEFECTS.index(defect) % 9 :: 9] if defect.caught_by else others
    return [check for check in moved if check.name in defect.caught_by or check in kept]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A warehouse on `TODAY` with all three sources, and a copy of its tables to mend it from."""
    with healthy.warehouse_in(tmp_path_factory.mktemp("defects")) as client:
        healthy.stand(client, Truth.of(healthy.noon(TODAY), DAYS, 1.0), healthy.noon(TODAY))
        for table in (*DATA, *META, *REFERENCE):
            client.command(f"CREATE TABLE keep_{table} AS {table}")
            client.command(f"INSERT INTO keep_{table} SELECT * FROM {table} FINAL")
            client.command(f"OPTIMIZE TABLE keep_{table} FINAL")
        yield client


@contextmanager
def mended(client: Client, defect: Defect) -> Iterator[None]:
    try:
        yield
    finally:
        for table in sorted(defect.touched):
            client.command(f"SYSTEM START MERGES {table}")
            client.command(f"TRUNCATE TABLE {table}")
            client.command(f"ALTER TABLE {table} ATTACH PARTITION ALL FROM keep_{table}")
        for view in sorted(defect.views):
            client.command(f"CREATE OR REPLACE VIEW {view} AS\n{sql_text(f'views/{view}.sql')}")


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.name[:60])
def test_a_defect_is_caught_by_its_checks_alone(client: Client, defect: Defect) -> None:
    with mended(client, defect):
        for statement in defect.statements:
            client.command(statement, settings={"mutations_sync": 2})
        if defect.after:
            healthy.make_marts(client)
        if defect.after == "loaded":
            healthy.tell(client, healthy.noon(TODAY))
        found = {
            one.check.name: one
            for one in healthy.judged(client, TODAY, _concerned(defect))
            if one.status == "broken"
        }
    assert found.keys() == defect.caught_by, {name: result.message for name, result in found.items()}
    said = [text for result in found.values() for one in result.findings for text in (one.what, one.what_ru)]
    assert not [text for text in said if set(text) & set("{}[]")], "a place that the row does not have"
    if defect.account:
        named = {row["account"] for result in found.values() for row in result.sample}
        assert named == {defect.account}
        assert all(f" {defect.account}" in result.message for result in found.values())


def test_every_check_has_a_defect() -> None:
    assert {check.name for check in checks()} == set().union(*(defect.caught_by for defect in DEFECTS))
