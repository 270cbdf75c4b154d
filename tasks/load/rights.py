"""Whether this user may do what a load does: all of it, tried on a table of its own."""

from __future__ import annotations

from clickhouse_connect.driver.client import Client

from tasks.load.cluster import run, stored

_TABLE = "_smoke"


def try_rights(client: Client) -> None:
    """Raises what the driver raises where a right is missing."""
    run(client, f"DROP TABLE IF EXISTS {_TABLE}")
    run(
        client,
        f"CREATE TABLE IF NOT EXISTS {_TABLE} (x UInt8, _ver UInt64) ENGINE = ReplacingMergeTree(_ver) ORDER BY x",
    )
    client.command(f"INSERT INTO {_TABLE} VALUES (1, 1)")
    client.command(f"DELETE FROM {stored(client, _TABLE)} WHERE x = 1")
    client.command(f"OPTIMIZE TABLE {stored(client, _TABLE)} FINAL")
    run(client, f"DROP TABLE IF EXISTS {_TABLE}")
