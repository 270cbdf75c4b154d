"""Telling people: one message for a trouble and one for its end, through the Prefect notification block of
ZAKAZ_ALERT_BLOCK. A message that cannot be delivered fails nothing; it is recorded, and the smoke test says so."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

# Imported for their block types, which Block.load finds by name.
import prefect.blocks.notifications
import prefect.blocks.webhook  # noqa: F401
from prefect import Flow, runtime
from prefect.blocks.abstract import NotificationBlock
from prefect.blocks.core import Block
from prefect.client.schemas.objects import FlowRun, State
from prefect.settings import get_current_settings

from tasks.errors import ZakazError
from tasks.load import alerts
from tasks.load.alerts import Alert, Trouble
from tasks.load.migrate import migrated
from tasks.load.warehouse import warehouse
from tasks.settings import Settings, load_settings

logger = logging.getLogger("zakaz.alerts")

SKIPPED = "Skipped"
"""The state of a run that had nothing to do."""


def tell(settings: Settings, trouble: Trouble) -> None:
    """Send it unless it was told already."""
    now, repeat = datetime.now(UTC), timedelta(hours=settings.alert_repeat_hours)
    try:
        with migrated(settings) as client:
            alert = alerts.to_tell(client, trouble, now, repeat)
    except ZakazError as error:
        # The warehouse is the trouble, or part of it: better told twice than never.
        logger.error("what was told before cannot be read, so it is told: %s", error)
        alert = alerts.first(trouble, now)
    _deliver(settings, alert)


def end(settings: Settings, key: str) -> None:
    """Say that it is over, if it was told."""
    try:
        with migrated(settings) as client:
            alert = alerts.to_end(client, key, datetime.now(UTC))
    except ZakazError as error:
        logger.error("what was told before cannot be read: %s", error)
        return
    _deliver(settings, alert)


def run_failed(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """A hook for on_failure: what, which days, what to do, and the run's address. Of a run within another, as a
    backfill's is, the outer one tells."""
    if flow_run.parent_task_run_id is not None:
        return
    essence = state.message or "no message"
    title = f"{flow.name} {(state.name or 'failed').lower()}"
    body = f"{essence}\nRun: {flow_run.name}\n{address_of(flow_run)}"
    tell(load_settings(), Trouble(_key(flow), title, essence, body))


def run_recovered(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """A hook for on_completion. A skipped run proves nothing, and neither does one within another."""
    if flow_run.parent_task_run_id is None and state.name != SKIPPED:
        end(load_settings(), _key(flow))


def address_of(flow_run: FlowRun) -> str:
    ui = get_current_settings().ui_url or ""
    return f"{ui.rstrip('/')}/runs/flow-run/{flow_run.id}" if ui else f"flow run {flow_run.id}"


def channel(name: str) -> NotificationBlock:
    """The block, e.g. slack-webhook/zakaz-alerts. Raises ZakazError where there is none of that name."""
    try:
        block = Block.load(name)
    except ValueError as error:
        raise ZakazError(
            f"ZAKAZ_ALERT_BLOCK names {name}, and Prefect has no such block. Create it with `zakaz blocks`."
        ) from error
    if not isinstance(block, NotificationBlock):
        raise ZakazError(f"ZAKAZ_ALERT_BLOCK names {name}, which is no notification block.")
    return block


def _deliver(settings: Settings, alert: Alert | None) -> None:
    if alert is None:
        return
    sent = replace(alert, **_send(settings.zakaz_alert_block, alert))
    try:
        with warehouse(settings) as client:
            alerts.save(client, sent)
    except ZakazError as error:
        logger.error("an alert could not be recorded: %s", error)


def _send(block: str | None, alert: Alert) -> dict[str, Any]:
    """Without a channel the record is all there is, and that is as wished."""
    if block is None:
        return {"delivered": 1, "error": ""}
    try:
        notified = channel(block).notify(body=alert.body, subject=f"Zakaz: {alert.title}")
        assert notified is None
    except Exception as error:  # noqa: BLE001 - whatever a channel raises must not fail the run it speaks of
        logger.error("the alert could not be delivered: %s", type(error).__name__)
        # Its text may hold the channel's address, which is a secret.
        status = getattr(getattr(error, "response", None), "status_code", "")
        return {"delivered": 0, "error": f"{type(error).__name__} {status}".strip()}
    return {"delivered": 1, "error": ""}


def _key(flow: Flow[Any, Any]) -> str:
    """By deployment: that today's load is well does not end the trouble of the weekly one."""
    deployment = runtime.deployment.name
    return f"run {flow.name}/{deployment}" if deployment else f"run {flow.name}"
