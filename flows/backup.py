"""Backup: the whole warehouse, by the engine's own BACKUP, to where BACKUP_URL says."""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State

from flows.hooks import ALERT_HOOKS, name_of_day
from flows.outcomes import completed, in_words
from flows.parameters import BackupName
from tasks.load import backup as engine
from tasks.settings import load_settings


@flow(name="backup", flow_run_name=name_of_day, description=__doc__, **ALERT_HOOKS)
@in_words
def backup(name: BackupName | None = None) -> State[object]:
    """Back up the warehouse. Loads may run meanwhile.

    Args:
        name: Of the backup; the database and the time in UTC if left out.
    """
    done = engine.backup(load_settings(), name)
    return completed(str(done), done)
