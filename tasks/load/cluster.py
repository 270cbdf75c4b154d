"""A warehouse of several servers: what CLICKHOUSE_CLUSTER changes, and the only place that knows of it.

Each table of `sql/schema` becomes two: `x_local` holds the rows of one shard, replicated, and `x` is a Distributed
table of all shards, so that everything reads and inserts as on a single server. All versions of a row are on one
shard, chosen by the table's sorting key: FINAL and merges see them together. For a single server no statement
changes.
"""

from __future__ import annotations

import re
from weakref import WeakKeyDictionary

from clickhouse_connect.driver.client import Client

from tasks.errors import WarehouseError
from tasks.load.frames import select

SETTINGS = {
    # An insert is done when its rows are on their shards: reconciling reads right after.
    "distributed_foreground_insert": 1,
    # A load reads what it wrote: it always reads the same replica of a shard, the first that answers. A quorum
    # would do it too, but refuses two workers that write to one table at once.
    "load_balancing": "in_order",
    "prefer_localhost_replica": 0,
    "use_hedged_requests": 0,
    # The right side of a JOIN or an IN is read once and sent to the shards: each holds only its own rows of it.
    "distributed_product_mode": "global",
    # A replica that is down catches up with tables and merges when it is back; a DELETE waits for all.
    "distributed_ddl_output_mode": "throw_only_active",
    "alter_sync": 3,
    "lightweight_deletes_sync": 2,
}
# A path by UUID: a table dropped and made again, or restored beside the first, is another one in Keeper.
_REPLICATED = "ReplicatedReplacingMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}', _ver)"
_CREATE = re.compile(
    r"(?s)CREATE TABLE IF NOT EXISTS (?P<table>\w+)\b(?P<columns>.*)"
    r"\bENGINE = ReplacingMergeTree\(_ver\)"
    r"(?P<order>.*\bORDER BY (?P<key>\w+|\([\w, ]+\))(?:\s+(?:TTL|SETTINGS)\b.*)?)"
)
_ALTER = re.compile(r"(?s)ALTER TABLE (?P<table>\w+) (?P<change>(?:ADD|DROP|MODIFY|RENAME|COMMENT) COLUMN\b.*)")
_DROP = re.compile(r"DROP TABLE IF EXISTS (?P<table>\w+)")
_NEWER_SETTINGS = {
    # From 26.8 on a query on a simple view runs on each shard, and there FINAL sees a part of the rows.
    "optimize_trivial_view_pushdown_to_distributed": 0,
}
"""A server that does not know them refuses them."""
_clusters: WeakKeyDictionary[Client, str] = WeakKeyDictionary()


def spread(client: Client, cluster: str) -> None:
    """Use this client for a warehouse on all servers of the cluster."""
    for name, value in newer_settings(client).items():
        client.set_client_setting(name, value)
    _clusters[client] = cluster


def newer_settings(client: Client) -> dict[str, int]:
    """Of loads and of readers, as far as this server knows them."""
    return {name: value for name, value in _NEWER_SETTINGS.items() if name in client.server_settings}


def everywhere(client: Client) -> str:
    """The `ON CLUSTER` clause, or an empty string."""
    cluster = _clusters.get(client)
    return f" ON CLUSTER `{cluster}`" if cluster else ""


def stored(client: Client, table: str) -> str:
    """The table that holds the rows, as DELETE and OPTIMIZE must name it."""
    return f"`{_local(table)}`{everywhere(client)}" if client in _clusters else f"`{table}`"


def parts(client: Client, *tables: str) -> str:
    """A query of these tables' active parts on all servers that answer: columns of `system.parts`, `server`, and
    `of`, our name of the table."""
    cluster = _clusters.get(client)
    source = f"clusterAllReplicas('{cluster}', system.parts)" if cluster else "system.parts"
    server, suffix = ("_shard_num", _local("")) if cluster else ("0", "")
    held = ", ".join(f"'{table}{suffix}'" for table in tables)
    where = f"active AND database = '{client.database}' AND table IN ({held})"
    return (
        f"SELECT *, {server} AS server, substr(table, 1, length(table) - {len(suffix)}) AS of FROM {source} "
        f"WHERE {where} SETTINGS skip_unavailable_shards = 1"
    )


def run(client: Client, sql: str) -> None:
    """Run a statement of the schema: as it is on a single server, translated on a cluster."""
    for statement in statements(client, sql):
        client.command(statement)


def statements(client: Client, sql: str) -> list[str]:
    """A statement of the schema as it is run here. Raises WarehouseError where it has no form for a cluster."""
    cluster = _clusters.get(client)
    if cluster is None:
        return [sql]
    plain = re.sub(r"(?m)^\s*--.*\n", "", sql).strip()
    if match := _CREATE.fullmatch(plain):
        table, columns, order, key = match.groups()
        shard = f"cityHash64{key}" if key.startswith("(") else f"cityHash64({key})"
        whole = f"Distributed('{cluster}', '{client.database}', '{_local(table)}', {shard})"
        return [
            f"CREATE TABLE IF NOT EXISTS {stored(client, table)}{columns}ENGINE = {_REPLICATED}{order}",
            f"CREATE TABLE IF NOT EXISTS `{table}`{everywhere(client)} AS `{_local(table)}` ENGINE = {whole}",
        ]
    if match := _ALTER.fullmatch(plain):
        table, change = match.groups()
        return [f"ALTER TABLE `{each}`{everywhere(client)} {change}" for each in (_local(table), table)]
    if match := _DROP.fullmatch(plain):
        table = match["table"]
        return [f"DROP TABLE IF EXISTS `{each}`{everywhere(client)}" for each in (table, _local(table))]
    if plain.startswith("INSERT INTO "):
        return [sql]
    raise WarehouseError(f"This statement of the schema cannot be run on a cluster: {plain[:80]}")


def fit(client: Client, engine: str) -> None:
    """Raises WarehouseError where a table of ours, of this `engine` (empty: there is none), is of a single server
    and this is a cluster, or the other way.

    A database restored under another name has Distributed tables that still point to the first: they are made anew.
    """
    spread_out = client in _clusters
    if not engine or (engine == "Distributed") == spread_out:
        _point_to_own(client)
        return
    if spread_out:
        raise WarehouseError(
            f"The database {client.database} was made for a single server, and CLICKHOUSE_CLUSTER is set. "
            "Set CLICKHOUSE_DATABASE to a new one and load into it."
        )
    raise WarehouseError(
        f"The database {client.database} is spread over a cluster. Set CLICKHOUSE_CLUSTER to its name."
    )


def _point_to_own(client: Client) -> None:
    cluster = _clusters.get(client)
    if cluster is None:
        return
    found = select(
        client,
        "SELECT name, engine_full FROM system.tables WHERE database = {database:String} AND engine = 'Distributed'",
        {"database": client.database},
    )
    for table, engine in found.iter_rows():
        start = f"Distributed('{cluster}', '{client.database}', '{_local(table)}'"
        own = re.sub(rf"\ADistributed\('\w+', '\w+', '{_local(table)}'", start, engine)
        if own != engine:
            client.command(
                f"CREATE OR REPLACE TABLE `{table}`{everywhere(client)} AS `{_local(table)}` ENGINE = {own}"
            )


def _local(table: str) -> str:
    return f"{table}_local"
