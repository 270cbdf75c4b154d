"""How an alert is sent without a Prefect server: straight to the webhook or the Telegram chat of the settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from tasks.settings import AlertSettings, require

_TIMEOUT = 20
"""Seconds for a chat to take a message."""


@dataclass(frozen=True)
class Channel:
    """`send` takes the subject and the body and raises where the message was not taken. `check` raises ZakazError
    where there is no such channel."""

    name: str
    send: Callable[[str, str], None]
    check: Callable[[], object] = lambda: None


@dataclass(frozen=True)
class Webhook:
    """What is posted where: `body` holds the text, `url` may hold a secret."""

    url: str
    body: dict[str, Any]


def webhook(settings: AlertSettings, text: str) -> Webhook:
    """Telegram where there is a bot's token; else anything that takes {"text": …}, as Mattermost and Slack do.
    Raises SettingsError."""
    if settings.alert_telegram_token is None:
        return Webhook(require(settings, "ALERT_URL"), {"text": text})
    token = require(settings, "ALERT_TELEGRAM_TOKEN")
    chat = require(settings, "ALERT_TELEGRAM_CHAT")
    # Without a look at the run's address by Telegram's servers.
    body = {"chat_id": chat, "text": text, "link_preview_options": {"is_disabled": True}}
    return Webhook(f"{settings.alert_telegram_base_url}/bot{token}/sendMessage", body)


def settings_channel(settings: AlertSettings) -> Channel | None:
    """The one of ALERT_TELEGRAM_* or ALERT_URL; None where neither is set."""
    if settings.alert_url is None and settings.alert_telegram_token is None:
        return None

    def send(subject: str, body: str) -> None:
        posted = webhook(settings, f"{subject}\n{body}")
        httpx.post(posted.url, json=posted.body, timeout=_TIMEOUT).raise_for_status()

    name = "ALERT_URL" if settings.alert_telegram_token is None else "ALERT_TELEGRAM_CHAT"
    return Channel(name, send, lambda: webhook(settings, ""))
