"""The steps of a run as Prefect tasks: named for the UI, the fetch cached and retried. What they do is in
`steps.py`.

Frames pass between tasks in memory and are never persisted. What Prefect caches of a fetch is its manifest, in the
landing area: there is no second store, and a run without Prefect finds the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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
from tasks.load.warehouse import warehouse
from tasks.quality.run import judge_and_log
from tasks.steps import Fetch


def _cache_key(_context: TaskRunContext, parameters: dict[str, Any]) -> str:
    asked: Fetch = parameters["asked"]
    return f"{asked.source.name}-{asked.account.name}-{asked.resource.name}-{asked.request.key}"


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
        if self._asked.beginning:
            self._found[:] = [self._asked.beginning.landed]
        elif not self._found:
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


def _as_task(step: Callable[..., Any], run_name: str, name: str | None = None) -> Task[..., Any]:
    return task(name=name, task_run_name=run_name, cache_policy=NO_CACHE)(step)


AS_TASKS = Steps(
    fetch=_fetch_cached,
    validate=_as_task(steps.validate, "validate {resource.name}"),
    transform=_as_task(steps.transform, "transform to {output.table.name}"),
    refuse_stranger=_as_task(refusals.refuse_stranger, "compare accounts"),
    upsert_output=_as_task(steps.upsert_output, "upsert {output.table.name}", "upsert"),
    refresh_reference=_as_task(steps.refresh_reference, "refresh reference tables"),
    refresh_mart=_as_task(steps.refresh_mart, "refresh {mart.table.name}"),
    quarantine_rejected=_as_task(steps.quarantine_rejected, "quarantine {resource.name}", "quarantine"),
)
judge = _as_task(judge_and_log, "judge", "judge")
