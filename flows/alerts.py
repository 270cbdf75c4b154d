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
from prefect.events import emit_event
from prefect.exceptions import CrashedRun, FailedRun
from prefect.settings import get_current_settings

from tasks.errors import SettingsError, ZakazError
from tasks.harmless import for_chat
from tasks.load import alerts
from tasks.load.alerts import Alert, Trouble
from tasks.load.migrate import migrated
from tasks.load.warehouse import warehouse
from tasks.settings import Settings, load_settings

logger = logging.getLogger("zakaz.alerts")

SKIPPED = "Skipped"
"""The state of a run that had nothing to do."""
CANNOT_TELL = "zakaz.run-cannot-tell"
"""The event of a failed run whose settings do not say whom to tell; automations.yaml waits for it."""


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
    if alert is not None:
        _save(settings, replace(alert, **_send(settings.zakaz_alert_block, alert)))


def end(settings: Settings, key: str, reason: str = "") -> None:
    """Say that it is over, if it was told; with a `reason`, that nobody can say any more. An end that the channel
    does not take leaves the alert open, so that it is told the next time."""
    now = datetime.now(UTC)
    try:
        with migrated(settings) as client:
            known = alerts.open_alert(client, key)
    except ZakazError as error:
        logger.error("what was told before cannot be read: %s", error)
        return
    if known is None:
        return
    outcome = _send(settings.zakaz_alert_block, ending := alerts.ending(known, now, reason))
    _save(settings, replace(ending if outcome["delivered"] else replace(known, sent_at=now), **outcome))


def run_failed(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """A hook for on_failure: what, which days, what to do, and the run's address. Of a run within another, as a
    backfill's is, the outer one tells."""
    if flow_run.parent_task_run_id is not None:
        return
    essence = words_of(state)
    try:
        settings = load_settings()
    except SettingsError as error:
        _hand_over(flow_run, essence, error)
        return
    title = f"{flow.name} {(state.name or 'failed').lower()}"
    footer = f"Run: {for_chat(flow_run.name)}\n{address_of(flow_run)}"
    tell(settings, Trouble(_key(flow), title, essence, for_chat(essence), footer=footer))


def run_recovered(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """A hook for on_completion. A skipped run proves nothing, and neither does one within another."""
    if flow_run.parent_task_run_id is not None or state.name == SKIPPED:
        return
    try:
        settings = load_settings()
    except SettingsError as error:
        logger.error("whether an alert of this run is open cannot be looked up: %s", error)
        return
    end(settings, _key(flow))


def _hand_over(flow_run: FlowRun, essence: str, error: SettingsError) -> None:
    """Whom to tell stands in the settings that cannot be read: the server tells, by an automation on this event."""
    logger.error("the alert is left to the Prefect server, since the settings cannot be read: %s", error)
    related = [{"prefect.resource.id": f"prefect.flow.{flow_run.flow_id}", "prefect.resource.role": "flow"}]
    related += [
        {"prefect.resource.id": f"prefect.tag.{tag}", "prefect.resource.role": "tag"} for tag in flow_run.tags
    ]
    emit_event(
        CANNOT_TELL,
        resource={"prefect.resource.id": f"prefect.flow-run.{flow_run.id}", "prefect.resource.name": flow_run.name},
        related=related,
        payload={"message": alerts.shortened(for_chat(essence), alerts.LONGEST)},
    )


def error_of(state: State[Any]) -> BaseException | None:
    """What the run was ended by, where that is known here."""
    try:
        result = state.result(raise_on_failure=False)
    except Exception:  # noqa: BLE001 - a result that was lost is no reason to tell nothing
        return None
    # Where the error itself is not there, Prefect makes one up of the state.
    made_up = isinstance(result, (FailedRun, CrashedRun))
    return result if isinstance(result, BaseException) and not made_up else None


def words_of(state: State[Any]) -> str:
    """Our own sentence, by the error itself: how Prefect words a state is Prefect's, and may change."""
    error = error_of(state)
    if isinstance(error, ZakazError):
        return str(error)
    if error is not None:
        return f"{type(error).__name__}: {error}".rstrip(": ")
    return state.message or "no message"


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


def _save(settings: Settings, alert: Alert) -> None:
    try:
        with warehouse(settings) as client:
            alerts.save(client, alert)
    except ZakazError as error:
        logger.error("an alert could not be recorded: %s", error)


def _send(block: str | None, alert: Alert) -> dict[str, Any]:
    """Without a channel the record is all there is, and that is as wished."""
    if block is None:
        return {"delivered": 1, "error": ""}
    try:
        chat = channel(block)
        with chat.raise_on_failure():  # Else those that stand on apprise only log that nothing was sent.
            notified = chat.notify(body=alert.body, subject=f"Zakaz: {alert.title}")
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
