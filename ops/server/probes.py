"""Whether the Prefect server has what makes scheduled loads run: our deployments, and a worker that takes their
runs."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.exceptions import ObjectNotFound

from ops.server.deployments import declared_names, held
from ops.server.manifest import OURS
from tasks.errors import ZakazError
from tasks.smoke import Probe, Warned, timed


def server_probes(file: Path, left_out: Collection[str] = ()) -> list[Probe]:
    """`file`: prefect.yaml, without which it is not known which deployments there should be; `left_out`: as in
    `apply_deployments`. Raises what Prefect's client does where the server is lost."""
    with get_client(sync_client=True) as client:
        return [*_probes(client, declared_names(file, left_out) if file.exists() else set())]


def _probes(client: SyncPrefectClient, wanted: Collection[str]) -> Iterator[Probe]:
    ours = held(client)

    def deployments() -> str:
        if not ours:
            raise Warned("there are none of Zakaz. Nothing runs by itself until `zakaz deploy`.")
        if missing := sorted({*wanted} - {*ours}):
            raise Warned(f"not there: {', '.join(missing)}. `zakaz deploy` brings them.")
        if paused := sorted(name for name, one in ours.items() if one.paused):
            raise Warned(f"paused: {', '.join(paused)}. They run no more until somebody resumes them in the UI.")
        return f"they are there: {len(ours)}"

    def worker() -> str:
        try:
            workers = client.read_workers_for_work_pool(OURS)
        except ObjectNotFound:
            workers = []
        online = sum(one.status == "ONLINE" for one in workers)
        if not online:
            raise ZakazError(
                f"none is online in the work pool {OURS}, so that no deployment runs. Start `zakaz worker`."
            )
        return f"online: {online}"

    yield timed("Prefect: deployments", deployments)
    if ours:
        yield timed("Prefect: worker", worker)
