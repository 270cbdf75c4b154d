"""Rejected rows through the same path again: a row leaves the quarantine when it is in the warehouse."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import polars as pl
from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows import steps
from flows.registry import SOURCES
from flows.running import TOLD
from flows.source import Output, Resource, Source
from tasks.load.migrate import migrated
from tasks.load.quarantine import quarantine, records
from tasks.load.remember import remember
from tasks.load.tables import Scope
from tasks.load.warehouse import warehouse
from tasks.settings import Settings, load_settings
from validation.split import Split, split


@flow(name="replay", description=__doc__, **TOLD)
def replay(source: str | None = None) -> State[object]:
    """Try the rows in quarantine again.

    Args:
        source: Only this one; all if left out.
    """
    settings = load_settings()
    wanted = [registered.source for name, registered in SOURCES.items() if source in (None, name)]
    counts = [_replay(one, settings) for one in wanted]
    loaded, left = (sum(column) for column in zip(*counts, strict=True)) if counts else (0, 0)
    message = f"{loaded} rows are in the warehouse now, {left} stay in quarantine"
    return Completed(message=message, data=message)


def _replay(source: Source, settings: Settings) -> tuple[int, int]:
    """How many rows of the source got in, and how many did not."""
    with migrated(settings) as client:
        held = records(client, source.name)
    parts = {r.name: split(_raw(held, r), r.schema) for r in source.resources}
    if not any(part.valid.height for part in parts.values()):
        return 0, held.height
    with warehouse(settings):
        for output in source.outputs:
            if parts[output.resource].valid.height:
                _load(output, settings, steps.transform(output, parts))
        for mart, schema in source.marts:
            steps.refresh_mart(mart, schema, settings)
        released = sum(_release(source, settings, r, parts[r.name]) for r in source.resources)
    return released, held.height - released


def _raw(held: pl.DataFrame, resource: Resource) -> pl.DataFrame:
    """The rows as they landed: columns of the resource's schema, text."""
    kind = pl.Struct(dict.fromkeys(resource.schema.columns, pl.String))
    mine = held.filter(pl.col("resource") == resource.name)
    return mine.select(pl.col("record").str.json_decode(kind).alias("row")).unnest("row")


def _load(output: Output, settings: Settings, facts: pl.DataFrame) -> None:
    """Only these rows: what else the table holds is not for this run to judge."""
    table = replace(output.table, keeps_vanished=True)
    column = output.protects
    with warehouse(settings) as client:
        facts = remember(client, table.name, facts, output.remembered, column)
        scope = Scope(f"{column} IN {{ids:Array(UInt64)}}", {"ids": facts[column].unique().to_list()})
        steps.put(client, table, facts, scope, steps.version_now())


def _release(source: Source, settings: Settings, resource: Resource, part: Split) -> int:
    """Only what passed leaves; what did not stands there already, with its reason."""
    nothing = pl.DataFrame(schema=dict.fromkeys(("record_key", "reason", "column", "value", "record"), pl.String))
    with warehouse(settings) as client:
        accepted = part.valid[resource.key].unique()
        return quarantine(client, source.name, resource.name, nothing, accepted, "replay", datetime.now(UTC))[1]
