"""How an alert is sent where there is a Prefect server: through the notification block of ZAKAZ_ALERT_BLOCK."""

from __future__ import annotations

# Imported for their block types, which Block.load finds by name.
import prefect.blocks.notifications
import prefect.blocks.webhook  # noqa: F401
from prefect.blocks.abstract import NotificationBlock
from prefect.blocks.core import Block

from tasks.alerts.channel import Channel
from tasks.errors import ZakazError
from tasks.settings import AlertSettings


def block_channel(settings: AlertSettings) -> Channel | None:
    """None where no block is set: then the record of an alert is all there is, as wished."""
    name = settings.zakaz_alert_block
    if name is None:
        return None

    def send(subject: str, body: str) -> None:
        block = _load(name)
        with block.raise_on_failure():  # Else those that stand on apprise only log that nothing was sent.
            notified = block.notify(body=body, subject=subject)
        assert notified is None

    return Channel(name, send, lambda: _load(name))


def _load(name: str) -> NotificationBlock:
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
