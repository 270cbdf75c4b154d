"""A warehouse with a bit of everything, and all that a database holds, read by another way than the code's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from clickhouse_connect.driver.client import Client

from flows.qtickets import EVENTS, SALES
from tasks.load.mart import restate
from tasks.load.migrate import migrate
from tasks.load.tables import Mart, Scope
from tasks.load.upsert import upsert
from tasks.load.warehouse import warehouse
from tasks.settings import Settings
from tests.tasks.load.engines import rows, values
from tests.tasks.load.events import event, event_frame
from tests.tasks.load.tickets import load, march, refunded, ticket

MART = Mart(SALES, day="event_date")


def fill(client: Client) -> None:
    """Rows of two months, superseded and deleted ones, odd texts, and a mart of them."""
    migrate(client)
    upsert(client, EVENTS, event_frame(event(7), event(8, name='O\'Брайен \\ "джаз"\n№ 1')), Scope(), 1)
    early = ticket(1, paid="2026-02-10T12:00", ordered_at=ticket(1)["ordered_at"].replace(month=2))
    load(client, [early], version=1, scope=Scope())
    load(
        client,
        [ticket(2), ticket(3, utm_content="msk_01_10"), ticket(4, event_id=8)],
        version=2,
        scope=march(1, 31),
    )
    load(client, [ticket(2, amount="0.10"), refunded(3, back="450.50")], version=3, scope=march(1, 31))
    restate(client, MART, 3)


def everything(client: Client, database: str) -> dict[str, list[str]]:
    """Every row of every table (versions that are superseded too) and of every view, as text."""
    names = [name for (name,) in values(client, f"SELECT name FROM system.tables WHERE database = '{database}'")]
    return {name: _lines(client, f"`{database}`.`{name}`") for name in names}


def _lines(client: Client, table: str) -> list[str]:
    # What depends on the moment of the question.
    columns = "* EXCEPT minutes_since_success" if table.endswith("`v_data_freshness`") else "*"
    return sorted(
        client.raw_query(f"SELECT {columns} FROM {table}", fmt="TSVWithNamesAndTypes").decode().split("\n")
    )


def definitions(client: Client, database: str) -> dict[str, str]:
    found = rows(
        client, f"SELECT name, create_table_query AS text FROM system.tables WHERE database = '{database}'"
    )
    return {row["name"]: row["text"] for row in found}


@contextmanager
def other_database(settings: Settings, name: str) -> Iterator[Client]:
    with warehouse(settings.model_copy(update={"clickhouse_database": name})) as client:
        yield client
