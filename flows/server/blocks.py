"""The notification block that ZAKAZ_ALERT_BLOCK names, from the settings; address and token are secrets in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from prefect.blocks.abstract import NotificationBlock
from prefect.blocks.notifications import CustomWebhookNotificationBlock, SlackWebhook
from pydantic import SecretStr

from tasks.errors import SettingsError
from tasks.settings import Settings, require

_FILE = ".env.alerts"
_SLACK = "https://hooks.slack.com/"
_TEXT = "{{subject}}\n{{body}}"


def apply_blocks(settings: Settings) -> str:
    """Make or renew the block and name it. Raises SettingsError."""
    if settings.zakaz_alert_block is None:
        raise SettingsError(
            "ZAKAZ_ALERT_BLOCK is missing: the kind of channel and a name, e.g. custom-webhook/zakaz-alerts. "
            f"Put it into secrets/{_FILE} (sample: configs/{_FILE}.sample)."
        )
    kind, name = settings.zakaz_alert_block.split("/")
    if kind not in _KINDS:
        raise SettingsError(
            f"ZAKAZ_ALERT_BLOCK is a {kind}, which Zakaz does not make. Make it in the Prefect UI, or take one of "
            f"{', '.join(_KINDS)}."
        )
    _KINDS[kind](settings).save(name, overwrite=True)
    return settings.zakaz_alert_block


def _webhook(settings: Settings) -> NotificationBlock:
    """Telegram where there is a bot's token; else anything that takes {"text": …}, as Mattermost and Slack do."""
    if settings.alert_telegram_token is None:
        secrets, url = {"address": _url(settings)}, "{{address}}"
        body: dict[str, Any] = {"text": _TEXT}
    else:
        token = require(settings.alert_telegram_token, "ALERT_TELEGRAM_TOKEN", _FILE)
        chat = require(settings.alert_telegram_chat, "ALERT_TELEGRAM_CHAT", _FILE)
        secrets, url = {"token": token}, f"{settings.alert_telegram_base_url}/bot{{{{token}}}}/sendMessage"
        # Without a look at the run's address by Telegram's servers.
        body = {"chat_id": chat, "text": _TEXT, "link_preview_options": {"is_disabled": True}}
    return CustomWebhookNotificationBlock(name="Zakaz", url=url, json_data=body, secrets=secrets)


def _slack(settings: Settings) -> NotificationBlock:
    """Sends nothing, and says nothing of it, where the address is not Slack's own."""
    url = _url(settings)
    if not url.startswith(_SLACK):
        raise SettingsError(f"ALERT_URL does not begin with {_SLACK}. For another address take custom-webhook.")
    return SlackWebhook(url=SecretStr(url))


def _url(settings: Settings) -> str:
    return require(settings.alert_url, "ALERT_URL", _FILE)


_KINDS: dict[str, Callable[[Settings], NotificationBlock]] = {
    "custom-webhook": _webhook,
    "slack-webhook": _slack,
}
