"""prefect.yaml brought to the Prefect server: the work pool, its queues, the deployments and nothing besides.

`prefect deploy` makes and renews; it neither limits a queue nor removes a deployment or schedule that the file no
longer has, and such a schedule would go on to make runs. It also sets going what a person paused, where it is not
told to pause it.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterTags,
    FlowFilter,
    FlowFilterId,
    FlowFilterName,
    WorkQueueFilter,
    WorkQueueFilterName,
)
from prefect.client.schemas.objects import WorkQueue
from prefect.client.schemas.responses import DeploymentResponse
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound
from prefect.flows import Flow, load_flow_from_entrypoint

from ops.server.manifest import OURS, read
from tasks.errors import ZakazError
from tasks.translation import said

_AT_ONCE = 1
"""Runs of a queue at a time: what comes while one runs waits for it."""


def apply_deployments(
    file: Path, pool_type: str, left_out: Collection[str] = (), language: str = "en"
) -> list[str]:
    """A line a deployment. An existing pool keeps its type and settings, a paused deployment stays paused.

    `left_out`: tags of sources that are not in use, whose deployments go; `language`: of the descriptions and the
    lines. Raises ZakazError.
    """
    manifest = read(file)
    declared = [d | {"description": said(d["description"], language)} for d in _declared(manifest, left_out)]
    by_name = {_name(d): d for d in declared}
    with get_client(sync_client=True) as client:
        _refuse_strangers(client, by_name)
        _make_pool(client, pool_type)
        # In the file's order: a queue made earlier comes first when a worker is busy.
        for name in dict.fromkeys(d["work_pool"]["work_queue_name"] for d in declared):
            _limit(client, name)
        paused = [name for name, one in held(client).items() if one.paused]
        for name, one in by_name.items():
            one["paused"] = name in paused  # Else `prefect deploy` sets it going, whatever comes after.
        output = _deploy({"name": OURS, "pull": manifest["pull"], "deployments": declared})
        return _tidy(client, by_name, paused, output, language)


def declared_names(file: Path, left_out: Collection[str] = ()) -> set[str]:
    """Of the deployments that there should be, e.g. `qtickets/nightly`. Raises UsageError."""
    return {_name(declared) for declared in _declared(read(file), left_out)}


def _declared(manifest: dict[str, Any], left_out: Collection[str]) -> list[dict[str, Any]]:
    return [one for one in manifest["deployments"] if not set(left_out) & set(one["tags"])]


def _refuse_strangers(client: SyncPrefectClient, names: Collection[str]) -> None:
    """A deployment of somebody else's with one of our names would be made ours, and never run again as it was."""
    flows = FlowFilter(name=FlowFilterName(any_=sorted({name.partition("/")[0] for name in names})))
    others = [one for one in client.read_deployments(flow_filter=flows) if OURS not in one.tags]
    if taken := sorted({*_named(client, others)} & {*names}):
        raise ZakazError(
            f"The Prefect server has deployments of these names that are not of Zakaz: {', '.join(taken)}. Nothing "
            "was deployed. Rename them or delete them, or give Zakaz a Prefect server of its own."
        )


def _make_pool(client: SyncPrefectClient, kind: str) -> None:
    try:
        client.read_work_pool(OURS)
    except ObjectNotFound:
        description = "A queue a source, one run of it at a time"
        with suppress(ObjectAlreadyExists):  # An answer that came late: it was asked twice.
            client.create_work_pool(WorkPoolCreate(name=OURS, type=kind, description=description))


def _limit(client: SyncPrefectClient, name: str) -> None:
    by_name = WorkQueueFilter(name=WorkQueueFilterName(any_=[name]))
    found: list[WorkQueue] = client.read_work_queues(OURS, by_name, limit=1, offset=0)
    queue = found[0] if found else client.create_work_queue(name, work_pool_name=OURS)
    client.update_work_queue(queue.id, concurrency_limit=_AT_ONCE)


def _deploy(manifest: dict[str, Any]) -> str:
    """What `prefect deploy` said."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "prefect.yaml"
        file.write_text(yaml.safe_dump(manifest, allow_unicode=True), "utf-8")
        command = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all", "--prefect-file", str(file)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)
    if done.returncode:
        raise ZakazError(f"`prefect deploy` failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def _name(declared: dict[str, Any]) -> str:
    flow: Flow[..., Any] = load_flow_from_entrypoint(declared["entrypoint"])
    return f"{flow.name}/{declared['name']}"


def held(client: SyncPrefectClient) -> dict[str, DeploymentResponse]:
    """Our deployments on the server. Another team may use our tag, but hardly our pool and our modules as well."""
    tagged = DeploymentFilter(tags=DeploymentFilterTags(all_=[OURS]))
    found = [
        deployment
        for deployment in client.read_deployments(deployment_filter=tagged)
        if deployment.work_pool_name == OURS and (deployment.entrypoint or "").startswith("flows.")
    ]
    return _named(client, found)


def _named(client: SyncPrefectClient, found: Collection[DeploymentResponse]) -> dict[str, DeploymentResponse]:
    by_id = FlowFilter(id=FlowFilterId(any_=[deployment.flow_id for deployment in found]))
    flows = {flow.id: flow.name for flow in client.read_flows(flow_filter=by_id)} if found else {}
    return {f"{flows[deployment.flow_id]}/{deployment.name}": deployment for deployment in found}


def _tidy(
    client: SyncPrefectClient, declared: dict[str, dict[str, Any]], paused: list[str], output: str, language: str
) -> list[str]:
    """Remove what the file no longer has, and see that the rest is as it says."""
    lines = []
    for name, one in held(client).items():
        if name not in declared:
            client.delete_deployment(one.id)
            lines.append(f"{name}: {said('removed', language)}")
            continue
        wanted = _crons_in(declared[name])
        for slug in _remove_schedules(client, one, wanted):
            lines.append(f"{name}: {said('schedule {slug} removed', language, slug=slug)}")
        when = "; ".join(wanted.values()) or said("by hand", language)
        lines.append(f"{name}: {when}, {said('paused', language)}" if name in paused else f"{name}: {when}")
    _prove(client, declared, output)
    return sorted(lines)


def _remove_schedules(client: SyncPrefectClient, held: DeploymentResponse, wanted: dict[str, str]) -> list[str]:
    gone = [schedule for schedule in held.schedules if schedule.slug and schedule.slug not in wanted]
    for schedule in gone:
        client.delete_deployment_schedule(held.id, schedule.id)
    return [str(schedule.slug) for schedule in gone]


def _prove(client: SyncPrefectClient, declared: dict[str, dict[str, Any]], output: str) -> None:
    """`prefect deploy` goes on after one that it could not make, and ends with status 0."""
    there = {name: _crons_of(deployment) for name, deployment in held(client).items()}
    if wrong := [name for name, one in declared.items() if there.get(name) != _crons_in(one)]:
        raise ZakazError(f"`prefect deploy` did not bring {', '.join(wrong)} to the server. It said:\n{output}")


def _crons_in(declared: dict[str, Any]) -> dict[str, str]:
    """By slug."""
    return {schedule["slug"]: schedule["cron"] for schedule in declared.get("schedules", [])}


def _crons_of(deployment: DeploymentResponse) -> dict[str, str]:
    return {str(s.slug): str(getattr(s.schedule, "cron", "")) for s in deployment.schedules if s.slug}
