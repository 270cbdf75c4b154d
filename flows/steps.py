"""The steps of an ingestion run as Prefect tasks: thin, named for the UI, frames never persisted.

Only the fetch is cached, as a manifest of landed files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pandera.polars as pa
import polars as pl
from clickhouse_connect.driver.client import Client
from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.context import TaskRunContext
from prefect.tasks import Task

from flows.source import Output, Resource, Source
from tasks.errors import SourceError, ZakazError
from tasks.landing import Landing, Manifest
from tasks.load.mart import restate
from tasks.load.quarantine import quarantine
from tasks.load.reference import reference_tables
from tasks.load.remember import remember
from tasks.load.tables import Mart, Scope, Table
from tasks.load.upsert import Upserted, count, distinct, merge, upsert
from tasks.load.warehouse import warehouse
from tasks.settings import Settings
from tasks.window import Window, moscow_today
from validation.split import Split, WrongFrame, split

A_FEW = 3
"""Rows that are no accident when every one of them is wrong."""
ENOUGH_TO_JUDGE = 20
"""Rows from which their being rejected, or missing, says something about the source."""


def _fetch_key(context: TaskRunContext, parameters: dict[str, Any]) -> str:
    """Source, account, window and the fetch's version; while the source may still restate the window, the flow
    run as well, so that only a resumed or retried run finds what it had."""
    source, window = parameters["source"], parameters["window"]
    parts = [
        source.name,
        parameters["resource"].name,
        source.version,
        source.account(parameters["settings"]),
        str(window),
    ]
    if (moscow_today() - window.last).days <= source.restated_days:
        parts.append(str(context.task_run.flow_run_id))
    return "zakaz-fetch-" + hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _may_mend(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """A wrong token or address stays wrong: only failures of the moment are worth a second fetch."""
    error = state.result(raise_on_failure=False)
    return error.transient if isinstance(error, ZakazError) else True


@task(
    task_run_name="fetch {resource.name} {window}",
    cache_key_fn=_fetch_key,
    persist_result=True,
    result_serializer="json",
    retry_condition_fn=_may_mend,
)
def fetch_step(source: Source, resource: Resource, settings: Settings, window: Window, as_of: datetime) -> Manifest:
    landing = Landing(settings.landing_url)  # Before the API is asked for what could not be kept.
    fetched = resource.fetch(settings, window, as_of)
    if not fetched.rows and not resource.may_be_empty:
        raise SourceError(
            f"{source.title} sent no {resource.name} at all. That cannot be right, so nothing was loaded.",
            transient=True,
        )
    return landing.write(source.name, resource.name, window, as_of, fetched)


def fetch(
    source: Source, resource: Resource, settings: Settings, window: Window, as_of: datetime, refresh: bool
) -> Manifest:
    """The landed manifest, from the cache where its files are still there."""
    step = fetch_step.with_options(
        retries=settings.fetch_retries,
        retry_delay_seconds=settings.fetch_retry_delay,
        refresh_cache=refresh,
    )
    manifest = step(source, resource, settings, window, as_of)
    if manifest.fetched_at == as_of:  # It landed just now: `validate` compares the digests as it reads.
        return manifest
    # An earlier fetch that came with a warning, say without tags, is no answer to keep for settled days.
    if Landing(settings.landing_url).holds(manifest) and not manifest.warnings:
        return manifest
    return step.with_options(refresh_cache=True)(source, resource, settings, window, as_of)


@task(task_run_name="validate {resource.name}", cache_policy=NO_CACHE)
def validate(source: Source, resource: Resource, settings: Settings, manifest: Manifest) -> Split:
    raw = Landing(settings.landing_url).read(manifest)
    try:
        part = split(raw, resource.schema)
        _refuse_if_most_are_wrong(part)
    except WrongFrame as error:
        raise SourceError(
            f"{source.title} changed its {resource.name} ({manifest.window}): {error}. Nothing was loaded."
        ) from None
    return part


def _refuse_if_most_are_wrong(part: Split) -> None:
    """A quarantine is for odd rows. When most are odd it is the source, or a rule of ours, that changed, and a
    green run with next to no rows would hide it."""
    wrong, all_rows = part.rejected.height, part.rejected.height + part.valid.height
    if (wrong >= ENOUGH_TO_JUDGE and wrong > all_rows / 2) or (wrong == all_rows and wrong >= A_FEW):
        reason = part.rejected["reason"].value_counts(sort=True)["reason"][0]
        raise WrongFrame(f"{wrong} of {all_rows} rows are wrong, most of them because {reason}")


@task(task_run_name="transform to {output.table.name}", cache_policy=NO_CACHE)
def transform(output: Output, splits: dict[str, Split]) -> pl.DataFrame:
    facts = output.build({name: part.valid for name, part in splits.items()})
    return _proved(facts, output.schema, output.table.name)


@task(task_run_name="compare accounts", cache_policy=NO_CACHE)
def refuse_stranger(output: Output, settings: Settings, facts: pl.DataFrame) -> None:
    """Where the API does not name the account, its objects do: one that shares none with the warehouse is another,
    and its load would take the first one's rows for gone."""
    with warehouse(settings) as client:
        held = distinct(client, output.table, output.protects, Scope())
    if held.height and facts.height:
        known = held.cast({output.protects: facts.schema[output.protects]})
        if facts.join(known, on=output.protects, how="semi").is_empty():
            raise SourceError(
                f"Not one of the {facts.height} rows for {output.table.name} is known to this warehouse: the token "
                "belongs to another account. Set CLICKHOUSE_DATABASE to a database of its own. Nothing was loaded."
            )


@task(task_run_name="upsert {output.table.name}", cache_policy=NO_CACHE)
def load(output: Output, settings: Settings, facts: pl.DataFrame, manifest: Manifest, part: Split) -> Upserted:
    """`part`: the raw rows of the output's resource."""
    with warehouse(settings) as client:
        scope = output.table.scope(manifest.window, manifest.fetched_at)
        _refuse_to_wipe(client, output.table, scope, facts, manifest)
        facts = remember(client, output.table.name, facts, output.remembered, output.protects)
        protected = [_values(part.rejected, output.protects, facts)]
        for column in output.answers_for:
            listed = _values(pl.concat([part.valid, part.rejected.select(part.valid.columns)]), column, facts)
            held = distinct(client, output.table, column, scope).cast({column: facts.schema[column]})
            protected.append(held.join(listed, on=column, how="anti"))
        table = output.table
        if manifest.partial or _has_nameless(part, output, facts):
            # Nobody can tell which rows are gone and which were merely not seen.
            table = replace(table, keeps_vanished=True)
        # The version is the age of the data: a resumed run must not win over one that read the source later.
        version = int(manifest.fetched_at.timestamp() * 1000)
        return put(client, table, facts, scope, version, protected)


def put(
    client: Client,
    table: Table,
    rows: pl.DataFrame,
    scope: Scope,
    version: int,
    protected: Sequence[pl.DataFrame] = (),
) -> Upserted:
    """Upsert, then merge, also after a failed reconcile: what is there must not count twice without FINAL."""
    try:
        return upsert(client, table, rows, scope, version, protected)
    finally:
        merge(client, table.name)


def version_now() -> int:
    return int(datetime.now(UTC).timestamp() * 1000)


def _has_nameless(part: Split, output: Output, facts: pl.DataFrame) -> bool:
    """Whether a rejected row does not even say whose last good version it should protect."""
    kind = facts.schema[output.protects]
    return part.rejected[output.protects].cast(kind, strict=False).null_count() > 0


def _values(raw: pl.DataFrame, column: str, facts: pl.DataFrame) -> pl.DataFrame:
    """What raw rows have in the column, once each, with its type in the table."""
    return raw.select(pl.col(column).cast(facts.schema[column], strict=False)).drop_nulls().unique()


def _refuse_to_wipe(client: Client, table: Table, scope: Scope, facts: pl.DataFrame, manifest: Manifest) -> None:
    """An answer without a row, where there were many, is a fault of the source far more often than the truth."""
    if facts.height or table.keeps_vanished:
        return
    held = count(client, table, scope)
    if held >= ENOUGH_TO_JUDGE:
        raise SourceError(
            f"{manifest.source} sent nothing for {manifest.window}, though {table.name} holds {held} rows of it. "
            "Nothing was removed. If it is true, delete them with `zakaz sql` and load again.",
            transient=True,
        )


@task(task_run_name="refresh {mart.table.name}", cache_policy=NO_CACHE)
def refresh_mart(mart: Mart, schema: pa.DataFrameSchema, settings: Settings) -> Upserted:
    with warehouse(settings) as client:
        return restate(client, mart, version_now(), lambda rows: _proved(rows, schema, mart.table.name))


@task(task_run_name="quarantine {resource.name}", cache_policy=NO_CACHE)
def set_aside(source: Source, resource: Resource, settings: Settings, part: Split, run_id: str) -> tuple[int, int]:
    """How many rows were newly set aside, and how many were released because a good version came."""
    with warehouse(settings) as client:
        raw = part.valid.columns
        rejected = part.rejected.select(
            pl.col(resource.key).fill_null("").alias("record_key"),
            "reason",
            pl.col("column").fill_null(""),
            pl.col("value").fill_null(""),
            pl.struct(raw).struct.json_encode().alias("record"),
        )
        accepted = part.valid[resource.key].unique()
        return quarantine(client, source.name, resource.name, rejected, accepted, run_id, datetime.now(UTC))


@task(task_run_name="refresh reference tables", cache_policy=NO_CACHE)
def load_reference(settings: Settings) -> None:
    """What the marts need besides facts: whose a utm_source is, VAT by date, the basis of the report."""
    with warehouse(settings) as client:
        for table, rows in reference_tables(settings.report_currency, settings.ad_spend_vat == "include"):
            put(client, table, rows, Scope(), version_now())


def _proved(facts: pl.DataFrame, schema: pa.DataFrameSchema, table: str) -> pl.DataFrame:
    """Raw rows were judged before, so a wrong fact is a fault of ours or of a rule: the run must not go on."""
    try:
        wrong = split(facts, schema).rejected
    except WrongFrame as error:
        raise ZakazError(f"The rows made for {table} have the wrong shape: {error}. Nothing was loaded.") from None
    if wrong.height:
        reasons = wrong["reason"].value_counts(sort=True).row(0)
        raise ZakazError(
            f"{wrong.height} rows made for {table} break a rule: {reasons[0]} ({reasons[1]} of them). "
            "Nothing was loaded."
        )
    return facts.select(list(schema.columns))
