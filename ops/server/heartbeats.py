"""Heartbeats for runs under way, so that the server finds those whose process is gone.

The automation that makes a silent run Crashed counts from a heartbeat that the server has seen. It has seen none
if its automations were made or renewed since, or if it was down itself: such a run would stay Running and block
its queue.
"""

from __future__ import annotations

import time

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.events import Event, RelatedResource, Resource

from ops.server.manifest import OURS, PART

_AUTOMATIONS_READ_SECONDS = 6
"""A server that starts, or whose automations changed, looks at them at least every five seconds."""


def send_heartbeats(client: SyncPrefectClient) -> None:
    """One now for each run of ours. Living runs go on sending theirs; for the others the clock starts."""
    state = FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.PENDING, StateType.RUNNING]))
    under_way = FlowRunFilter(tags=FlowRunFilterTags(any_=[OURS, PART]), state=state)
    if runs := client.read_flow_runs(flow_run_filter=under_way):
        time.sleep(_AUTOMATIONS_READ_SECONDS)
        events = [_heartbeat(run).model_dump(mode="json") for run in runs]
        client.request("POST", "/events", json=events).raise_for_status()


def _heartbeat(run: FlowRun) -> Event:
    """As the run itself sends it; one that comes after the run's end changes nothing."""
    return Event(
        event="prefect.flow-run.heartbeat",
        resource=Resource({"prefect.resource.id": f"prefect.flow-run.{run.id}", "prefect.resource.name": run.name}),
        related=[RelatedResource({"prefect.resource.id": f"prefect.tag.{OURS}", "prefect.resource.role": "tag"})],
    )
