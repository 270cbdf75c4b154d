"""A warehouse with rows of every kind, and all that a database holds, read by another way than the code's."""

from clickhouse_connect.driver.client import Client

from tasks.load.mart import restate
from tasks.load.migrate import migrate
from tasks.load.tables import Mart, Scope
from tasks.load.upsert import upsert
from tasks.sources.qtickets import EVENTS, SALES
from tests.tasks.load.engines import values
from tests.tasks.load.events import event, event_frame
from tests.tasks.load.tickets import load, march, refunded, ticket, utc

MART = Mart(SALES, day="event_date")


def fill(client: Client) -> None:
    """Rows of two months, superseded and deleted ones, odd texts, and a mart of them."""
    migrate(client)
    upsert(client, EVENTS, event_frame(event(7), event(8, name='O\'Брайен \\ "джаз"\n№ 1')), Scope(), 1)
    early = ticket(1, paid="2026-02-10T12:00", ordered_at=utc("2026-02-10T11:55"))
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
    """Every row of every table and view, as text, but for superseded versions: a server merges when it likes. And but
    for what is to be finished: after a restore all marts are."""
    sql = f"SELECT name FROM system.tables WHERE database = '{database}' AND name != 'meta_unfinished'"
    return {name: _lines(client, f"`{database}`.`{name}`") for (name,) in values(client, sql)}


def _lines(client: Client, table: str) -> list[str]:
    # But for what depends on the moment of the query.
    columns = "* EXCEPT minutes_since_success" if table.endswith("`v_data_freshness`") else "*"
    found = client.raw_query(f"SELECT {columns} FROM {table}", fmt="TSVWithNamesAndTypes", settings={"final": 1})
    return sorted(found.decode().split("\n"))
