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
    """`send` takes the subject and the body, gives the message's own name if it has one, and raises where it was
    not taken. `check` raises ZakazError where there is no such channel. `answer`, where the channel can: likewise,
    below the message of that name."""

    name: str
    send: Callable[[str, str], str | None]
    check: Callable[[], object] = lambda: None
    answer: Callable[[str, str, str], str | None] | None = None


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

    def send(subject: str, body: str, **more: Any) -> str | None:
        posted = webhook(settings, f"{subject}\n{body}")
        reply = httpx.post(posted.url, json=posted.body | more, timeout=_TIMEOUT).raise_for_status()
        return _number_of(reply)

    def answer(message: str, subject: str, body: str) -> str | None:
        # Sent all the same where somebody has removed that message.
        to = {"message_id": int(message), "allow_sending_without_reply": True}
        return send(subject, body, reply_parameters=to)

    if settings.alert_telegram_token is None:
        return Channel("ALERT_URL", send, lambda: webhook(settings, ""))
    return Channel("ALERT_TELEGRAM_CHAT", send, lambda: webhook(settings, ""), answer)


def _number_of(reply: httpx.Response) -> str | None:
    """Of a message in Telegram."""
    try:
        return str(int(reply.json()["result"]["message_id"]))
    except (ValueError, KeyError, TypeError):
        return None
