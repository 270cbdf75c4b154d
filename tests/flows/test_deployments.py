"""Deployments on a Prefect server that is not ours alone."""

from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.exceptions import ObjectAlreadyExists

from ops.server.deployments import _refuse_strangers, held
from ops.server.manifest import OURS
from ops.server.probes import server_probes
from tasks.errors import ZakazError
from tests.support.prefect_server import PrefectServer

pytestmark = pytest.mark.slow


def test_a_deployment_of_somebody_else_is_not_taken_over(prefect: PrefectServer) -> None:
    with get_client(sync_client=True) as client:
        flow = client.create_flow_from_name("backup")
        client.create_deployment(flow, "theirs", tags=["another team"])
        client.create_deployment(flow, "ours", tags=["zakaz"])

        with pytest.raises(ZakazError, match=r"not of Zakaz: backup/theirs\. Nothing was deployed"):
            _refuse_strangers(client, ["backup/theirs", "backup/ours", "backup/new"])
        _refuse_strangers(client, ["backup/ours", "backup/new", "never/seen"])


def test_smoke_sees_that_nothing_is_deployed_that_something_is_missing_and_that_no_worker_runs(
    prefect: PrefectServer, tmp_path: Path
) -> None:
    file = tmp_path / "prefect.yaml"
    file.write_text(
        "deployments:\n"
        "- {name: nightly, entrypoint: flows.backup.backup, tags: [zakaz]}\n"
        "- {name: by-hand, entrypoint: flows.smoke.smoke, tags: [zakaz]}\n"
        "- {name: nightly, entrypoint: flows.direct.direct, tags: [zakaz, direct]}\n"
    )

    def seen() -> dict[str, tuple[str, str]]:
        return {one.name: (one.status, one.found + one.todo) for one in server_probes(file, {"direct"})}

    with get_client(sync_client=True) as client:
        with suppress(ObjectAlreadyExists):  # Another test of this server made it.
            client.create_work_pool(WorkPoolCreate(name=OURS, type="process"))
        for one in held(client).values():
            client.delete_deployment(one.id)
        status, found = seen()["Prefect: deployments"]
        assert (status, seen().keys()) == ("warning", {"Prefect: deployments"}) and "zakaz deploy" in found
        for name, entrypoint in (("nightly", "flows.backup.backup"), ("by-hand", "flows.smoke.smoke")):
            flow = client.create_flow_from_name(entrypoint.rpartition(".")[2])
            made = client.create_deployment(flow, name, tags=[OURS], work_pool_name=OURS, entrypoint=entrypoint)
            if name == "nightly":
                assert seen()["Prefect: deployments"] == (
                    "warning",
                    "not there: smoke/by-hand`zakaz deploy` brings them.",
                )
        assert seen()["Prefect: deployments"] == ("ok", "they are there: 2")
        assert seen()["Prefect: worker"][0] == "failure" and "zakaz worker" in seen()["Prefect: worker"][1]
        client.pause_deployment(made)
        assert seen()["Prefect: deployments"][1].startswith("paused: smoke/by-hand")
        client.send_worker_heartbeat(OURS, f"worker {uuid4()}", heartbeat_interval_seconds=30)
        assert seen()["Prefect: worker"] == ("ok", "online: 1")
