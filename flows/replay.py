"""Rejected rows through the same path again: a row leaves the quarantine when it is in the warehouse."""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State

from flows.hooks import ALERT_HOOKS
from flows.outcomes import completed, in_words
from flows.parameters import AccountName
from tasks import replay as rows
from tasks.prefect_tasks import AS_TASKS
from tasks.settings import load_settings
from tasks.sources.accounts import wanted


@flow(name="replay", description=__doc__, **ALERT_HOOKS)
@in_words
def replay(source: str | None = None, account: AccountName = None) -> State[object]:
    """Try the rows in quarantine again.

    Args:
        source: Only this one; all if left out.
    """
    settings = load_settings()
    message = rows.replay(wanted(source or "all", account, settings), settings, AS_TASKS)
    return completed(message, message)
