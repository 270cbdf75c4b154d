"""The morning message: yesterday, campaigns, what deserves attention, to whoever DIGEST_TO names."""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State

from flows.hooks import ALERT_HOOKS, name_of_day
from flows.outcomes import completed, in_words
from tasks.alerts.block import block_channel
from tasks.digest.sending import send_digest
from tasks.settings import load_settings


@flow(name="digest", flow_run_name=name_of_day, description=__doc__, **ALERT_HOOKS)
@in_words
def digest() -> State[object]:
    """Send it, unless it was sent today."""
    settings = load_settings()
    message = send_digest(settings, block_channel(settings))
    return completed(message, message)
