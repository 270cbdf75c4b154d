"""docs/datalens.md, in both languages: names every field there is and no other, and its statements are the contract's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from clickhouse_connect.driver.client import Client

from tasks.load.sql import sql_files
from tests.support.shipped_access import shipped
from tests.tasks.load.engines import values

ROOT = Path(__file__).parents[2]
PAGES = ["datalens.md", "datalens.ru.md"]
CONTRACT = ROOT / "tests" / "data" / "contract" / "seed_queries.sql"
VIEWS = {file.name for file in sql_files("views")}


@pytest.fixture(params=PAGES)
def page(request: pytest.FixtureRequest) -> str:
    return (ROOT / "docs" / request.param).read_text("utf-8")


def fields(page: str) -> dict[str, set[str]]:
    """View -> fields: of the tables of the section on fields, each under the line that names its views."""
    section = page.split("\n## ")[5]
    found: dict[str, set[str]] = {}
    for part in re.split(r"\n\n(?=`v_)", section)[1:]:
        head, table = part.split("\n\n", 1)
        names = {name for row in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", row.split("|")[1])}
        for view in re.findall(r"`(v_\w+)`", head):
            found[view] = names
    return found


def test_every_field_of_every_view_is_explained_and_no_other(page: str, client: Client) -> None:
    explained = fields(page)
    assert set(explained) == VIEWS
    there = {
        view: {name for (name,) in values(client, f"SELECT name FROM system.columns WHERE table = '{view}'")}
        for view in VIEWS
    }
    # Tables of two views say in words what only one of them has.
    for shared in (
        {"v_marketing_daily", "v_romi_kpi"},
        {"v_sales_latest", "v_sales_14d"},
        {"v_ad_spend", "v_attributed_tickets"},
    ):
        together = set().union(*(there[view] for view in shared))
        for view in shared:
            assert explained[view] == together
    for view in ("v_campaign_performance", "v_data_freshness"):
        assert explained[view] == there[view]


def test_its_statements_are_those_of_the_contract(page: str) -> None:
    def normal(text: str) -> str:
        return " ".join(text.split()).rstrip(";")

    known = {normal(text) for text in CONTRACT.read_text("utf-8").split(";")}
    statements = re.findall(r"```sql\n(.*?)```", page, re.DOTALL)

    assert len(statements) == 3
    assert {normal(statement) for statement in statements} <= known


def test_its_limits_are_those_that_are_shipped(page: str) -> None:
    reader = shipped()["datalens_reader"]
    section = page.split("\n## ")[6]
    rows = re.findall(r"(?m)^\| (.*?) \|", section)[1:9]
    told = [int(re.sub(r"\D", "", number)) for row in rows for number in re.findall(r"\d[\d  ]*", row)]

    limit = {name: int(reader.settings[name]) for name in reader.settings if name.startswith("max_")}
    units = {"queries": 1, "errors": 1, "result_rows": 10**6, "read_rows": 10**6, "execution_time": 3600}
    assert told == [
        limit["max_execution_time"],
        limit["max_memory_usage"] // 10**6,
        limit["max_memory_usage_for_user"] // 10**6,
        limit["max_temporary_data_on_disk_size_for_query"] // 10**6,
        limit["max_rows_to_read"] // 10**6,
        limit["max_result_rows"] // 10**6,
        limit["max_concurrent_queries_for_user"],
        *(int(most) // units[name] for quota in reader.quota.values() for name, most in quota.items()),
    ]


def test_both_languages_say_the_same_names_and_figures() -> None:
    english, russian = ((ROOT / "docs" / name).read_text("utf-8") for name in PAGES)

    def names(page: str) -> list[str]:
        return sorted(set(re.findall(r"`([^`\n]+)`", page)))

    assert names(english) == names(russian)
    assert len(re.findall(r"(?m)^\|", english)) == len(re.findall(r"(?m)^\|", russian))
