"""When an alert is sent: once for a trouble and once when it is resolved.

A message that cannot be delivered fails nothing; it is recorded, and the smoke test says so.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tasks.alerts import history
from tasks.alerts.alert import Alert, Trouble, opened, resolved
from tasks.alerts.channel import Channel
from tasks.errors import ZakazError
from tasks.load.migrate import migrated
from tasks.load.warehouse import lent, warehouse
from tasks.settings import Settings

logger = logging.getLogger("zakaz.alerts")

_PATIENCE = 30
"""Seconds that a message waits for the embedded warehouse, which a load may keep: better sent twice than late."""


def fire(settings: Settings, trouble: Trouble, channel: Channel | None, *, only_looks: bool = False) -> None:
    """Send it unless it was sent already. `only_looks`: what failed leaves the warehouse as it is, even without a
    schema."""
    now, repeat = datetime.now(UTC), timedelta(hours=settings.alert_repeat_hours)
    settings = settings.model_copy(update={"clickhouse_lock_wait": min(settings.clickhouse_lock_wait, _PATIENCE)})
    try:
        # Where nobody is told, a record alone is no reason for a schema.
        with (warehouse if only_looks or channel is None else migrated)(settings) as client:
            alert = history.due(client, trouble, now, repeat, settings.zakaz_language)
    except ZakazError as error:
        # The warehouse is the trouble, or part of it: better sent twice than never.
        if channel is None:
            return
        logger.error("this alert is sent without a record of it, and maybe was before: %s", error)
        deliver(opened(trouble, now, settings.zakaz_language), channel)
        return
    if alert is not None:
        with lent(settings):
            sent = deliver(alert, channel)
        _save(settings, sent)


def resolve(settings: Settings, keys: str | Iterable[str], channel: Channel | None, reason: str = "") -> None:
    """Send the end of each open alert; with a `reason`, that it can no longer be checked. A message that the
    channel does not take leaves the alert open, so that it is sent the next time."""
    now = datetime.now(UTC)
    try:
        with warehouse(settings) as client:
            known = history.open_alerts(client, *([keys] if isinstance(keys, str) else keys))
    except ZakazError as error:
        logger.error("which alerts were sent before cannot be read: %s", error)
        return
    for alert in known:
        with lent(settings):
            sent = deliver(resolved(alert, now, reason, settings.zakaz_language), channel, alert.message)
        if not sent.delivered:
            sent = replace(alert, sent_at=now, delivered=0, error=sent.error)
        _save(settings, sent)


def deliver(alert: Alert, channel: Channel | None, to: str = "") -> Alert:
    """The alert with what became of it, sent as an answer `to` a message where the channel can. Without a channel
    the record is all there is."""
    if channel is None:
        return replace(alert, delivered=1, error="")
    try:
        subject = f"Zakaz: {alert.title}"
        if to and channel.answer:
            message = channel.answer(to, subject, alert.body)
        else:
            message = channel.send(subject, alert.body)
    except Exception as error:  # noqa: BLE001 - whatever a channel raises must not fail the run that it is about
        logger.error("the alert could not be delivered: %s", type(error).__name__)
        # The text of another's error may hold the channel's address, which is a secret.
        status = getattr(getattr(error, "response", None), "status_code", "")
        why = str(error) if isinstance(error, ZakazError) else f"{type(error).__name__} {status}".strip()
        return replace(alert, delivered=0, error=why)
    return replace(alert, delivered=1, error="", message=message or "")


def _save(settings: Settings, alert: Alert) -> None:
    try:
        with warehouse(settings) as client:
            history.save(client, alert)
    except ZakazError as error:
        logger.error("an alert could not be recorded: %s", error)
