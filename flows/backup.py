"""Backup: the whole warehouse, by the engine's own BACKUP, to where BACKUP_URL says."""

from __future__ import annotations

from typing import Annotated

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed
from pydantic import Field

from flows.running import TOLD, name_of_day, shown
from tasks.load import backup as engine
from tasks.load.backup_place import NAME
from tasks.settings import load_settings

Name = Annotated[str, Field(pattern=f"^{NAME}$", json_schema_extra=shown("Name"))]
"""Checked by Prefect's form and by `prefect deployment run`, before there is a run."""


@flow(name="backup", flow_run_name=name_of_day, description=__doc__, **TOLD)
def backup(name: Name | None = None) -> State[object]:
    """Back up the warehouse. Loads may run meanwhile.

    Args:
        name: Of the backup; the database and the time in UTC if left out.
    """
    done = engine.backup(load_settings(), name)
    return Completed(message=str(done), data=done)
