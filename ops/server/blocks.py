"""The notification block that ZAKAZ_ALERT_BLOCK names, from the settings; address and token are secrets in it."""

from __future__ import annotations

from collections.abc import Callable

from prefect.blocks.abstract import NotificationBlock
from prefect.blocks.notifications import CustomWebhookNotificationBlock, SlackWebhook
from pydantic import SecretStr

from tasks.alerts.channel import webhook
from tasks.errors import SettingsError
from tasks.settings import Settings, require

_SLACK = "https://hooks.slack.com/"
_TEXT = "{{subject}}\n{{body}}"


def apply_blocks(settings: Settings) -> str:
    """Make or renew the block and name it. Raises SettingsError."""
    if settings.zakaz_alert_block is None:
        raise SettingsError(
            "ZAKAZ_ALERT_BLOCK is missing: the kind of channel and a name, e.g. custom-webhook/zakaz-alerts. "
            "Put it into secrets/.env.alerts (sample: configs/.env.alerts.sample)."
        )
    kind, name = settings.zakaz_alert_block.split("/")
    if kind not in _KINDS:
        raise SettingsError(
            f"ZAKAZ_ALERT_BLOCK is a {kind}, which Zakaz does not make. Make it in the Prefect UI, or take one of "
            f"{', '.join(_KINDS)}."
        )
    _KINDS[kind](settings).save(name, overwrite=True)
    return settings.zakaz_alert_block


def makes_block(settings: Settings) -> bool:
    """Whether the settings say what to make. A block of another kind was made by hand in Prefect."""
    kind = (settings.zakaz_alert_block or "").partition("/")[0]
    return kind in _KINDS and bool(settings.alert_url or settings.alert_telegram_token)


def _webhook(settings: Settings) -> NotificationBlock:
    """The address as a whole is a secret of the block: of Telegram it holds the bot's token."""
    posted = webhook(settings, _TEXT)
    secrets = {"address": posted.url}
    return CustomWebhookNotificationBlock(name="Zakaz", url="{{address}}", json_data=posted.body, secrets=secrets)


def _slack(settings: Settings) -> NotificationBlock:
    """Refuses other addresses than Slack's own: Prefect's block would silently send nothing to them."""
    url = require(settings, "ALERT_URL")
    if not url.startswith(_SLACK):
        raise SettingsError(f"ALERT_URL does not begin with {_SLACK}. For another address take custom-webhook.")
    return SlackWebhook(url=SecretStr(url))


_KINDS: dict[str, Callable[[Settings], NotificationBlock]] = {
    "custom-webhook": _webhook,
    "slack-webhook": _slack,
}
