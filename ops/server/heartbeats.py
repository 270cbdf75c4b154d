"""Signs of life for runs under way, so that the server misses those whose process is gone.

The server counts a run's silence from a sign that it has seen. It has seen none where its automations were made or
renewed meanwhile, or where it was away itself for longer than the run was watched: such a run would never be found,
and would hold up its queue for ever.
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

from ops.server.manifest import OURS

_AUTOMATIONS_READ_SECONDS = 6
"""A server that starts, or whose automations changed, looks at them at least every five seconds."""


def watch_runs_under_way(client: SyncPrefectClient) -> None:
    """Each of ours gives a sign now. Living runs go on giving theirs, and of the others the silence counts."""
    state = FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.PENDING, StateType.RUNNING]))
    under_way = FlowRunFilter(tags=FlowRunFilterTags(all_=[OURS]), state=state)
    if runs := client.read_flow_runs(flow_run_filter=under_way):
        time.sleep(_AUTOMATIONS_READ_SECONDS)
        signs = [_sign_of_life(run).model_dump(mode="json") for run in runs]
        client.request("POST", "/events", json=signs).raise_for_status()


def _sign_of_life(run: FlowRun) -> Event:
    """As the run itself sends it; one that comes after the run's end changes nothing."""
    return Event(
        event="prefect.flow-run.heartbeat",
        resource=Resource({"prefect.resource.id": f"prefect.flow-run.{run.id}", "prefect.resource.name": run.name}),
        related=[RelatedResource({"prefect.resource.id": f"prefect.tag.{OURS}", "prefect.resource.role": "tag"})],
    )
