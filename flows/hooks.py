"""What every flow is decorated with: the name of its runs, and hooks by which a failure reaches people."""

from __future__ import annotations

import logging
from typing import Any

from prefect import Flow, runtime
from prefect.client.schemas.objects import FlowRun, State
from prefect.events import emit_event
from prefect.exceptions import CrashedRun, FailedRun
from prefect.settings import get_current_settings

from flows.accounts import AccountsFailed
from flows.outcomes import note_flow_run
from tasks.alerts.alert import LONGEST, Trouble, shortened, words_of
from tasks.alerts.block import block_channel
from tasks.alerts.sending import fire, resolve
from tasks.errors import SettingsError
from tasks.harmless import for_chat
from tasks.settings import load_settings
from tasks.sources.accounts import label as label_of
from tasks.sources.windows import label
from tasks.window import moscow_today

logger = logging.getLogger("zakaz.alerts")

SKIPPED = "Skipped"
"""The state of a run that had nothing to do."""
CANNOT_TELL = "zakaz.run-cannot-tell"
"""The event of a failed run that cannot read where to send alerts; automations.yaml waits for it."""


def name_of_run() -> str:
    """`qtickets 30 days`, or the days that were given: `backfill direct from 2026-06-01 to 2026-06-30`."""
    given = runtime.flow_run.parameters
    name = " ".join(filter(None, [runtime.flow_run.flow_name, given.get("source")]))
    name = label_of(name, given.get("account"))
    return label(name, given.get("days"), given.get("date_from"), given.get("date_to"))


def name_of_day() -> str:
    """`quality 2026-11-24`."""
    return f"{runtime.flow_run.flow_name} {moscow_today()}"


def run_failed(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """A hook for on_failure: what, which days, what to do, and the run's address. Of a run within another, as a
    backfill's is, the outer one tells."""
    if flow_run.parent_task_run_id is not None:
        return
    essence = message_of(state)
    try:
        settings = load_settings()
    except SettingsError as error:
        _hand_over(flow_run, essence, error)
        return
    channel, ending = block_channel(settings), (state.name or "failed").lower()
    footer = f"Run: {for_chat(flow_run.name)}\n{address_of(flow_run)}"
    ended_by, given = error_of(state), flow_run.parameters.get("account")
    of_each = ended_by.failed if isinstance(ended_by, AccountsFailed) else {given: essence}
    for name, why in of_each.items():
        title = f"{label_of(flow.name, name)} {ending}"
        fire(settings, Trouble(_key(flow, name), title, why, for_chat(why), footer=footer), channel)
    if isinstance(ended_by, AccountsFailed):
        for name in (None, *ended_by.done):
            resolve(settings, _key(flow, name), channel)


def run_recovered(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """A hook for on_completion. A skipped run proves nothing, and neither does one within another."""
    if flow_run.parent_task_run_id is not None or state.name == SKIPPED:
        return
    try:
        settings = load_settings()
    except SettingsError as error:
        logger.error("whether an alert of this run is open cannot be looked up: %s", error)
        return
    done = state.result(raise_on_failure=False)
    names = {flow_run.parameters.get("account"), *(done if isinstance(done, dict) else ())}
    for name in names:
        resolve(settings, _key(flow, name), block_channel(settings))


def _hand_over(flow_run: FlowRun, essence: str, error: SettingsError) -> None:
    """The settings, and with them the channel, cannot be read: an automation of the server sends the alert."""
    logger.error("the alert is left to the Prefect server, since the settings cannot be read: %s", error)
    related = [{"prefect.resource.id": f"prefect.flow.{flow_run.flow_id}", "prefect.resource.role": "flow"}]
    related += [
        {"prefect.resource.id": f"prefect.tag.{tag}", "prefect.resource.role": "tag"} for tag in flow_run.tags
    ]
    emit_event(
        CANNOT_TELL,
        resource={"prefect.resource.id": f"prefect.flow-run.{flow_run.id}", "prefect.resource.name": flow_run.name},
        related=related,
        payload={"message": shortened(for_chat(essence), LONGEST)},
    )


def error_of(state: State[Any]) -> BaseException | None:
    """What the run was ended by, where that is known here."""
    try:
        result = state.result(raise_on_failure=False)
    except Exception:  # noqa: BLE001 - an alert is sent also where the result is lost
        return None
    # Where the error itself is not there, Prefect makes one up of the state.
    made_up = isinstance(result, (FailedRun, CrashedRun))
    return result if isinstance(result, BaseException) and not made_up else None


def message_of(state: State[Any]) -> str:
    """Our own sentence, by the error itself: how Prefect words a state is Prefect's, and may change."""
    error = error_of(state)
    return words_of(error) if error is not None else state.message or "no message"


def address_of(flow_run: FlowRun) -> str:
    ui = get_current_settings().ui_url or ""
    return f"{ui.rstrip('/')}/runs/flow-run/{flow_run.id}" if ui else f"flow run {flow_run.id}"


def _key(flow: Flow[Any, Any], account: str | None) -> str:
    """By deployment: that today's load is well does not end the trouble of the weekly one. By account likewise."""
    deployment = runtime.deployment.name
    return f"run {label_of(f'{flow.name}/{deployment}' if deployment else flow.name, account)}"


ALERT_HOOKS: dict[str, Any] = {
    "on_running": [note_flow_run],
    "on_failure": [run_failed],
    "on_completion": [run_recovered],
}
"""An alert for a failure, and one when it is resolved. A crash leaves no time for a hook: see automations.yaml."""
INGESTION: dict[str, Any] = {"flow_run_name": name_of_run, **ALERT_HOOKS}
"""What every flow that loads days is decorated with."""
