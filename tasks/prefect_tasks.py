"""The steps of a run as Prefect tasks: named for the UI, the fetch cached and retried. What they do is in
`steps.py`.

Frames pass between tasks in memory and are never persisted. What Prefect caches of a fetch is its manifest, in the
landing area: there is no second store, and a run without Prefect finds the same.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pandera.polars as pa
import polars as pl
from clickhouse_connect.driver.client import Client
from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.context import TaskRunContext
from prefect.filesystems import WritableFileSystem
from prefect.results import ResultRecord, ResultRecordMetadata  # type: ignore[attr-defined]
from prefect.serializers import JSONSerializer
from prefect.tasks import Task
from pydantic import PrivateAttr

from tasks import refusals, steps
from tasks.ingest import Steps
from tasks.landing import Manifest
from tasks.load.tables import Mart
from tasks.load.upsert import Upserted
from tasks.load.warehouse import warehouse
from tasks.quality.checks import Result
from tasks.quality.run import judge_checks
from tasks.settings import Settings
from tasks.sources.source import Output, Resource, Source
from tasks.steps import Fetch, Validated
from validation.split import Split


def _cache_key(_context: TaskRunContext, parameters: dict[str, Any]) -> str:
    asked: Fetch = parameters["asked"]
    return f"{asked.source.name}-{asked.resource.name}-{asked.request.key}"


def _may_pass(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    error = state.result(raise_on_failure=False)
    return steps.may_pass(error) if isinstance(error, BaseException) else True


@task(
    task_run_name="fetch {asked.resource.name} {asked.window}",
    cache_key_fn=_cache_key,
    persist_result=True,
    result_serializer="json",
    retry_condition_fn=_may_pass,
)
def fetch(asked: Fetch) -> Manifest:
    return steps.fetch_once(asked, refresh=True)  # Prefect has looked for an earlier one.


class LandedFetch(WritableFileSystem):
    """The landing area as Prefect's store of one fetch's result: read from its manifest, which the fetch
    itself wrote."""

    _asked: Fetch = PrivateAttr()
    _found: list[Manifest | None] = PrivateAttr(default_factory=list)

    @classmethod
    def of(cls, asked: Fetch) -> LandedFetch:
        store = cls()
        store._asked = asked
        return store

    def read_path(self, path: str, **_: Any) -> bytes:  # type: ignore[override]
        """A record as Prefect would have written it. Raises FileNotFoundError where the fetch has to be made."""
        if not self._found:
            with warehouse(self._asked.settings) as client:
                self._found.append(steps.landed(client, self._asked))
        if self._found[0] is None:
            raise FileNotFoundError(path)
        metadata = ResultRecordMetadata(storage_key=path, serializer=JSONSerializer())
        return ResultRecord(result=self._found[0], metadata=metadata).serialize()

    def write_path(self, path: str, content: bytes, **_: Any) -> None:  # type: ignore[override]
        """Nothing: the manifest is there."""

    def _resolve_path(self, path: str) -> None:
        """There is no folder that keys are relative to. Without this method Prefect takes the current one, in which
        they are not, and rolls the fetch back."""


def _fetch_cached(asked: Fetch, refresh: bool) -> Manifest:
    step = fetch.with_options(
        retries=asked.settings.fetch_retries,
        retry_delay_seconds=asked.settings.fetch_retry_delay,
        refresh_cache=refresh,
    )
    # Set here, since a decorator takes only blocks that a Prefect server keeps.
    step.result_storage = LandedFetch.of(asked)
    return step(asked)


@task(task_run_name="validate {resource.name}", cache_policy=NO_CACHE)
def validate(source: Source, resource: Resource, settings: Settings, manifest: Manifest) -> Validated:
    return steps.validate(source, resource, settings, manifest)


@task(task_run_name="transform to {output.table.name}", cache_policy=NO_CACHE)
def transform(output: Output, splits: dict[str, Split]) -> pl.DataFrame:
    return steps.transform(output, splits)


@task(task_run_name="compare accounts", cache_policy=NO_CACHE)
def refuse_stranger(output: Output, client: Client, facts: pl.DataFrame) -> None:
    refusals.refuse_stranger(output, client, facts)


@task(task_run_name="upsert {output.table.name}", cache_policy=NO_CACHE)
def upsert(
    client: Client,
    source: Source,
    output: Output,
    settings: Settings,
    facts: pl.DataFrame,
    manifest: Manifest,
    part: Split,
) -> tuple[Upserted, list[str], list[str]]:
    return steps.upsert_output(client, source, output, settings, facts, manifest, part)


@task(task_run_name="refresh reference tables", cache_policy=NO_CACHE)
def refresh_reference(client: Client, settings: Settings) -> None:
    steps.refresh_reference(client, settings)


@task(task_run_name="refresh {mart.table.name}", cache_policy=NO_CACHE)
def refresh_mart(client: Client, mart: Mart, schema: pa.DataFrameSchema) -> Upserted:
    return steps.refresh_mart(client, mart, schema)


@task(task_run_name="quarantine {resource.name}", cache_policy=NO_CACHE)
def quarantine(
    client: Client,
    source: Source,
    resource: Resource,
    settings: Settings,
    part: Split,
    run_id: str,
    manifest: Manifest,
) -> tuple[int, int]:
    return steps.quarantine_rejected(client, source, resource, settings, part, run_id, manifest)


AS_TASKS = Steps(
    fetch=_fetch_cached,
    validate=validate,
    transform=transform,
    refuse_stranger=refuse_stranger,
    upsert_output=upsert,
    refresh_reference=refresh_reference,
    refresh_mart=refresh_mart,
    quarantine_rejected=quarantine,
)


@task(task_run_name="judge", cache_policy=NO_CACHE)
def judge(settings: Settings, today: date) -> list[Result]:
    return judge_checks(settings, today)
