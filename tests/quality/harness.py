"""One defect at a time into a healthy warehouse: broken by plain SQL, judged, mended."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from clickhouse_connect.driver.client import Client

from tasks.load.migrate import migrate
from tasks.load.sql import sql_text
from tasks.load.warehouse import warehouse
from tasks.settings import Settings
from tests.quality.healthy import DATA, META, broken, noon, refresh_marts, set_references, stand
from tests.quality.rows import Truth

# Long past, so that no clock of a machine that runs this is behind it.
TODAY = date(2025, 11, 20)
DAYS = 110
_TABLES = (*DATA, *META)
_MARTS = ("stg_qtickets_sales_raw", "agg_marketing_daily")


@dataclass(frozen=True)
class Defect:
    """`caught_by`: the very checks that must be broken, and no other. `loaded`: the marts followed the tables, as
    after a run of a loader; else only the tables that `sql` names differ. `{today}` in it is the day judged."""

    name: str
    caught_by: str
    sql: tuple[str, ...]
    loaded: bool = False

    @property
    def statements(self) -> list[str]:
        return [re.sub(r"\{today\}", f"toDate('{TODAY}')", text) for text in self.sql]

    @property
    def touched(self) -> set[str]:
        named = {table for table in _TABLES if any(table in text for text in self.sql)}
        return named | set(_MARTS if self.loaded else ())

    @property
    def views(self) -> set[str]:
        return {name for text in self.sql for name in re.findall(r"REPLACE VIEW (\w+)", text)}


@contextmanager
def healthy_warehouse(folder: Path) -> Iterator[Client]:
    """A warehouse on `TODAY` with all three sources, and a copy of its tables to mend it from."""
    truth = Truth.of(noon(TODAY), DAYS, 1.0)
    settings = Settings(_env_file=None, clickhouse_dsn=f"chdb://{folder / 'warehouse'}")
    with warehouse(settings) as client:
        # Many small queries: threads for each cost more than they bring.
        client.set_client_setting("max_threads", 1)
        migrate(client)
        set_references(client)
        stand(client, truth, noon(TODAY))
        for table in _TABLES:
            client.command(f"CREATE TABLE keep_{table} AS {table}")
            client.command(f"INSERT INTO keep_{table} SELECT * FROM {table} FINAL")
        yield client


def caught(client: Client, defect: Defect) -> dict[str, str]:
    """The checks that the defect breaks, and what they say; the warehouse is as it was before."""
    try:
        for statement in defect.statements:
            client.command(statement)
        if defect.loaded:
            refresh_marts(client, noon(TODAY))
        return broken(client, TODAY)
    finally:
        mend(client, defect)


def mend(client: Client, defect: Defect) -> None:
    for table in sorted(defect.touched):
        client.command(f"SYSTEM START MERGES {table}")
        client.command(f"TRUNCATE TABLE {table}")
        client.command(f"INSERT INTO {table} SELECT * FROM keep_{table}")
    for view in sorted(defect.views):
        client.command(f"CREATE OR REPLACE VIEW {view} AS\n{sql_text(f'views/{view}.sql')}")
