"""Telling people: one message for a trouble and one for its end, through the Prefect notification block of
ZAKAZ_ALERT_BLOCK. A message that cannot be delivered fails nothing; it is recorded, and the smoke test says so."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

# Imported for their block types, which Block.load finds by name.
import prefect.blocks.notifications
import prefect.blocks.webhook  # noqa: F401
from prefect import Flow
from prefect.blocks.abstract import NotificationBlock
from prefect.blocks.core import Block
from prefect.client.schemas.objects import FlowRun, State
from prefect.settings import get_current_settings

from tasks.errors import ZakazError
from tasks.load import alerts
from tasks.load.alerts import Alert, Trouble
from tasks.load.migrate import migrate
from tasks.load.warehouse import warehouse
from tasks.settings import Settings, load_settings

logger = logging.getLogger("zakaz.alerts")


def tell(settings: Settings, trouble: Trouble) -> None:
    """Send it unless it was told already."""
    repeat = timedelta(hours=settings.alert_repeat_hours)
    _deliver(settings, lambda client: alerts.to_tell(client, trouble, datetime.now(UTC), repeat))


def end(settings: Settings, key: str) -> None:
    """Say that it is over, if it was told."""
    _deliver(settings, lambda client: alerts.to_end(client, key, datetime.now(UTC)))


def run_failed(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """A hook for on_failure and on_crashed: what, which days, what to do, and the run's address."""
    essence = state.message or "no message"
    title = f"{flow.name} {(state.name or 'failed').lower()}"
    body = f"{essence}\nRun: {flow_run.name}\n{address_of(flow_run)}"
    tell(_settings_of(flow_run), Trouble(_key(flow), title, essence, body))


def run_recovered(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:  # noqa: ARG001
    """A hook for on_completion."""
    end(_settings_of(flow_run), _key(flow))


def address_of(flow_run: FlowRun) -> str:
    ui = get_current_settings().ui_url or ""
    return f"{ui.rstrip('/')}/runs/flow-run/{flow_run.id}" if ui else f"flow run {flow_run.id}"


def channel(name: str) -> NotificationBlock:
    """The block, e.g. slack-webhook/zakaz-alerts. Raises ZakazError where there is none of that name."""
    try:
        block = Block.load(name)
    except ValueError as error:
        raise ZakazError(
            f"ZAKAZ_ALERT_BLOCK names {name}, and Prefect has no such block. Create it there."
        ) from error
    if not isinstance(block, NotificationBlock):
        raise ZakazError(f"ZAKAZ_ALERT_BLOCK names {name}, which is no notification block.")
    return block


def _deliver(settings: Settings, decide: Callable[[Any], Alert | None]) -> None:
    try:
        with warehouse(settings) as client:
            migrate(client)
            alert = decide(client)
        if alert is None:
            return
        sent = replace(alert, **_send(settings.zakaz_alert_block, alert))
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
        return {"delivered": 0, "error": f"{type(error).__name__}: {str(error)[:200]}"}
    return {"delivered": 1, "error": ""}


def _key(flow: Flow[Any, Any]) -> str:
    return f"run {flow.name}"


def _settings_of(flow_run: FlowRun) -> Settings:
    env = flow_run.parameters.get("env")
    return load_settings(Path(env) if env else None)
