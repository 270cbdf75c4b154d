"""Rejected rows through the same path again: a row leaves the quarantine when it is in the warehouse."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

import polars as pl
from clickhouse_connect.driver.client import Client

from tasks import steps
from tasks.ingest import PLAIN, Steps
from tasks.load import unfinished
from tasks.load.migrate import migrated
from tasks.load.quarantine import records, release
from tasks.load.runs import Run
from tasks.load.tables import of_account
from tasks.settings import Settings
from tasks.sources.accounts import Account
from tasks.sources.source import Output, Resource, Source
from tasks.translation import numbered
from validation.rules import TWICE
from validation.split import Split, split

_IDS_A_SCOPE = 5_000
"""Of twenty digits at most: a server takes 128 KiB a parameter."""


def replay(accounts: Iterable[Account], settings: Settings, by: Steps = PLAIN) -> str:
    """Try the rejected rows of these accounts again; what became of them, in a line."""
    loaded = left = 0
    with migrated(settings) as client:
        for account in accounts:
            released, rejected = _replay(client, account, by)
            loaded, left = loaded + released, left + rejected
    return f"in the warehouse now: {numbered(loaded, 'row')}; still in quarantine: {left}"


def _replay(client: Client, account: Account, by: Steps) -> tuple[int, int]:
    """How many rows of the account got in, and how many did not."""
    source = account.source
    held = records(client, source.name, account.name)
    # One too many of its load would pass alone, and take the place of the row that was right.
    tried = held.filter(~pl.col("reason").str.contains(TWICE, literal=True))
    newest = tried.filter((pl.col("record_key") == "") | pl.struct("resource", "record_key").is_first_distinct())
    parts = {r.name: split(_raw(newest, r), r.schema) for r in source.resources}
    if not any(part.valid.height for part in parts.values()):
        return 0, held.height
    run = Run(source.job, f"replay {uuid.uuid4()}", datetime.now(UTC), account.name)
    left = steps.left_by_others(client, account, run)
    for output in source.outputs:
        if not output.protects:
            continue
        # Each as old as its read: the newest wins, and never over what is newer in the warehouse.
        for (version,), _ in parts[output.resource].valid.group_by(["_ver"], maintain_order=True):
            of_that_read = {name: _of(part, int(version)) for name, part in parts.items()}
            _load(client, account, output, by.transform(account, output, of_that_read), int(version), run)
    entries, days, _ = steps.days_to_show(client, run, left, [])
    with steps.merged_at_the_end(client, source, is_written=bool(days)):
        for mart, schema in source.marts:
            by.refresh_mart(client, mart, schema, sorted(days))
    steps.remember(client, account, run, days)
    unfinished.close(client, entries)
    passed = _passed(source, parts)
    older = held.filter(pl.col("record_key") != "").join(passed, on=["resource", "record_key"], how="semi")
    ids = pl.concat([passed["rejection_id"], older["rejection_id"]]).unique()
    released = release(client, source.name, account.name, ids)
    return released, held.height - released


def _raw(held: pl.DataFrame, resource: Resource) -> pl.DataFrame:
    """The rows as they landed: columns of the resource's schema, text; and record_key, rejection_id, `_ver`."""
    kind = pl.Struct(dict.fromkeys(resource.schema.columns, pl.String))
    mine = held.filter(pl.col("resource") == resource.name)
    row = pl.col("record").str.json_decode(kind).alias("row")
    return mine.select("_ver", "record_key", "rejection_id", row).unnest("row")


def _of(part: Split, version: int) -> Split:
    return Split(part.valid.filter(pl.col("_ver") == version), part.rejected)


def _passed(source: Source, parts: dict[str, Split]) -> pl.DataFrame:
    """The rows that are good now: columns resource, record_key, rejection_id."""
    return pl.concat(
        parts[r.name].valid.select(pl.lit(r.name).alias("resource"), "record_key", "rejection_id")
        for r in source.resources
    )


def _load(client: Client, account: Account, output: Output, facts: pl.DataFrame, version: int, run: Run) -> None:
    """Only these rows: what else the table holds is not for this run to judge."""
    table, column = replace(output.table, keeps_vanished=True), output.protects
    same = output.identity if output.is_one_row else ()
    facts, _ = steps.known_from_warehouse(client, account, output, facts)
    later = steps.left_to_later_reads(client, account, output, facts, version)
    for ids in facts.select(pl.col(column).unique().sort()).iter_slices(_IDS_A_SCOPE):
        of_ids = f"{column} IN {{ids:Array(UInt64)}}"
        scope = of_account(account.name, of_ids, {"ids": ids[column].to_list()})
        steps.upsert_and_show_later(
            client,
            account,
            output,
            run,
            table,
            facts.join(ids, on=column, how="semi"),
            scope,
            version,
            later=later,
            same=same,
        )
