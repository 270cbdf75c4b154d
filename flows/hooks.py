"""What every flow is decorated with: the name of its runs, and hooks by which a failure reaches people."""

from __future__ import annotations

import logging
from typing import Any

from prefect import Flow, runtime
from prefect.client.schemas.objects import FlowRun, State
from prefect.events import emit_event
from prefect.exceptions import CrashedRun, FailedRun
from prefect.settings import get_current_settings

from flows import outcomes
from flows.accounts import AccountsFailed
from flows.outcomes import note_flow_run
from tasks.alerts.alert import LONGEST, Trouble, failure_of, shortened, words_of
from tasks.alerts.block import block_channel
from tasks.alerts.sending import fire, resolve
from tasks.alerts.stake import stake_of
from tasks.errors import SettingsError
from tasks.harmless import for_chat
from tasks.settings import language, load_settings
from tasks.sources import SOURCES
from tasks.sources.accounts import label as label_of
from tasks.sources.windows import label
from tasks.translation import retold, said
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
    """`quality 2026-11-24`, `smoke spb 2026-11-24`."""
    name = label_of(runtime.flow_run.flow_name or "", runtime.flow_run.parameters.get("account"))
    return f"{name} {moscow_today()}"


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
    channel, spoken = block_channel(settings), settings.zakaz_language
    footer = f"{said('Run', spoken)}: {for_chat(flow_run.name)}\n{address_of(flow_run)}"
    failed: list[tuple[str | None, str]] = [(flow_run.parameters.get("account"), essence)]
    done: list[str | None] = []
    if isinstance(ended_by := error_of(state), AccountsFailed):
        failed, done = [*ended_by.failed.items()], [None, *ended_by.done]
    for name, why in failed:
        title = failure_of(_what(flow.name, flow_run, name), spoken)
        of = (name, None) if name in SOURCES else (flow_run.parameters.get("source") or flow.name, name)
        told = "\n".join(filter(None, (for_chat(retold(why, spoken)), stake_of(settings, *of))))
        fire(
            settings,
            Trouble(_key(flow, flow_run, name), title, why, told, footer=footer),
            channel,
            only_looks=flow.name == "smoke",
        )
    # The key of the account `main` is that of the run as a whole.
    for key in {_key(flow, flow_run, name) for name in done} - {_key(flow, flow_run, name) for name, _ in failed}:
        resolve(settings, key, channel)


def run_recovered(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """A hook for on_completion. A skipped run proves nothing, and neither does one within another."""
    if flow_run.parent_task_run_id is not None or state.name == SKIPPED:
        return
    try:
        settings = load_settings()
    except SettingsError as error:
        logger.error("whether an alert of this run is open cannot be looked up: %s", error)
        return
    names = {flow_run.parameters.get("account"), *_done_of(state)}
    for key in {_key(flow, flow_run, name) for name in names}:
        resolve(settings, key, block_channel(settings))


def _done_of(state: State[Any]) -> dict[str, Any]:
    """What each account came to, or each source, where the run was one of several."""
    try:
        result = state.result(raise_on_failure=False)
    except Exception:  # noqa: BLE001 - the end of the run is known though its result is lost
        return {}
    return result if isinstance(result, dict) else {}


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
        payload={"message": shortened(for_chat(retold(essence, language())), LONGEST)},
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


def _key(flow: Flow[..., Any], flow_run: FlowRun, account: str | None) -> str:
    """By deployment: that today's load is well does not end the trouble of the weekly one. By account likewise, and
    by days. Of a command the one by which it reports, too, what fails before there is a run."""
    if (watch := outcomes.current.get()) and watch.alert:
        return f"run {watch.alert}"
    deployment, given = runtime.deployment.name, flow_run.parameters
    name = _what(f"{flow.name}/{deployment}" if deployment else flow.name, flow_run, account)
    return label(f"run {name}", given.get("days"), given.get("date_from"), given.get("date_to"))


def _what(name: str, flow_run: FlowRun, account: str | None) -> str:
    """`vk_ads spb`; of a flow of any source with the source, `backfill vk_ads spb`."""
    return label_of(" ".join(filter(None, [name, flow_run.parameters.get("source")])), account)


ALERT_HOOKS: dict[str, Any] = {
    "on_running": [note_flow_run],
    "on_failure": [run_failed],
    "on_completion": [run_recovered],
}
"""An alert for a failure, and one when it is resolved. A crash leaves no time for a hook: see automations.yaml."""
INGESTION: dict[str, Any] = {"flow_run_name": name_of_run, **ALERT_HOOKS}
"""What every flow that loads days is decorated with."""
