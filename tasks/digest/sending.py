"""The morning message on its way: once a Moscow day to each of those who get it, however often this is run.

To whoever DIGEST_TO names, by Apprise; else to the bot of the settings; else, without the picture, through the
channel of alerts. What was sent stands in `meta_alerts`. What was not taken is sent by the next run of the day, and
`zakaz smoke` says so. A run that dies between the sending and its record leaves the doubt to the next one, which
sends once more: rather twice than never, and no third time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import apprise
from apprise.attachment.memory import AttachMemory
from clickhouse_connect.driver.client import Client

from tasks.alerts import history
from tasks.alerts.alert import Alert
from tasks.alerts.channel import Channel
from tasks.alerts.sending import deliver
from tasks.digest.message import message_of
from tasks.digest.morning import morning_of
from tasks.errors import SettingsError, ZakazError
from tasks.load.migrate import migrated
from tasks.load.warehouse import warehouse
from tasks.report.picture import days_picture
from tasks.settings import Settings
from tasks.translation import said
from tasks.window import Window, moscow_today

_KEY = "digest"
_EMPTY_LINE = "\N{BRAILLE PATTERN BLANK}"
"""Apprise drops a line without anything on its way to Telegram."""
_UNDER_WAY = "it is being sent, or its run died"
_LONGEST_SENDING = timedelta(minutes=10)
"""After that the run that began to send is dead."""
_MOST_TRIES_IN_DOUBT = 2


class NotDelivered(ZakazError):
    """Recorded; a later run sends it."""


@dataclass(frozen=True)
class Digest:
    """`picture`: PNG; None where there are no figures to show."""

    title: str
    body: str
    picture: bytes | None

    @property
    def text(self) -> str:
        return f"{self.title}\n\n{self.body}"


@dataclass(frozen=True)
class Recipient:
    """`key` names it in the warehouse without a secret; `send` raises where the message was not taken."""

    key: str
    send: Callable[[Digest], str | None]


def send_digest(settings: Settings, channel: Channel | None) -> str:
    """What was done, in a line. Raises NotDelivered, and WarehouseError where nobody knows what was sent."""
    recipients, today = recipients_of(settings, channel), moscow_today()
    if not recipients:
        return said("The morning message goes to nobody: set DIGEST_TO.", settings.zakaz_language)
    with migrated(settings) as client:
        due = [one for one in recipients if _is_due(client, one, today)]
    if not due:
        return said("Today's morning message is sent.", settings.zakaz_language)
    digest = draw_digest(settings, today)
    sent = [_sent(settings, one, digest, today) for one in due]
    if wrong := [one.error for one in sent if not one.delivered]:
        raise NotDelivered(
            f"The morning message was not delivered to {len(wrong)} of {len(recipients)}: {'; '.join(wrong)}. "
            "The next run sends it again.",
            transient=True,
        )
    return said("The morning message is sent to {n}.", settings.zakaz_language, n=len(sent))


def draw_digest(settings: Settings, today: date) -> Digest:
    morning = morning_of(settings, today)
    days = [(day, sums.net, sums.spend) for day, sums in morning.days]
    picture = days_picture(days, settings.zakaz_language) if days else None
    return Digest(*message_of(morning, settings.zakaz_language), picture)


def recipients_of(settings: Settings, channel: Channel | None) -> list[Recipient]:
    """Raises SettingsError."""
    if settings.digest_to is not None:
        return _by_apprise(settings.digest_to.get_secret_value(), "DIGEST_TO")
    if settings.alert_telegram_token is not None and settings.alert_telegram_chat:
        token = settings.alert_telegram_token.get_secret_value()
        return _by_apprise(f"tgram://{token}/{settings.alert_telegram_chat}/", "ALERT_TELEGRAM_TOKEN")
    if channel is None:
        return []
    return [Recipient(f"{_KEY} {channel.name}", lambda digest: channel.send(digest.title, digest.body))]


def _by_apprise(addresses: str, setting: str) -> list[Recipient]:
    services = apprise.Apprise(asset=apprise.AppriseAsset(app_id="Zakaz", app_desc="Zakaz"))
    if not services.add(addresses) or not len(services):
        raise SettingsError(
            f"{setting} is no address that Apprise knows, as tgram://TOKEN/CHAT or "
            "mailtos://user:password@host are."
        )
    return [_recipient(service) for service in services]


def _recipient(service: apprise.NotifyBase) -> Recipient:
    name, secret = service.url(privacy=True).partition(":")[0], service.url()  # type: ignore[no-untyped-call]

    def send(digest: Digest) -> str | None:
        picture = digest.picture and AttachMemory(  # type: ignore[no-untyped-call]
            content=digest.picture, name="zakaz.png", mimetype="image/png"
        )
        one, body = apprise.Apprise(service), digest.body.replace("\n\n", f"\n{_EMPTY_LINE}\n")
        if not one.notify(body, digest.title, body_format=apprise.NotifyFormat.TEXT, attach=picture):
            raise NotDelivered(f"{name} did not take it")  # Apprise has written why into the log.
        return None

    return Recipient(f"{_KEY} {name} {hashlib.sha256(secret.encode()).hexdigest()[:8]}", send)


def _is_due(client: Client, recipient: Recipient, today: date) -> bool:
    known = history.alert_of(client, recipient.key, _beginning(today))
    if known is None:
        return True
    if known.error == _UNDER_WAY:
        is_at_work = datetime.now(UTC) - known.sent_at < _LONGEST_SENDING
        return not is_at_work and int(known.fingerprint) < _MOST_TRIES_IN_DOUBT
    return not known.delivered


def _sent(settings: Settings, recipient: Recipient, digest: Digest, today: date) -> Alert:
    """The record of it, which is in the warehouse before and after."""
    begun, now = _beginning(today), datetime.now(UTC)
    alert = Alert(recipient.key, begun, now, now, "1", digest.title, digest.body, error=_UNDER_WAY)
    with warehouse(settings) as client:
        known = history.alert_of(client, recipient.key, begun)
        if known and known.error == _UNDER_WAY:
            alert = replace(alert, fingerprint=str(int(known.fingerprint) + 1))
        history.save(client, alert)
    channel = Channel(recipient.key, lambda _title, _body: recipient.send(digest))
    done = replace(deliver(alert, channel), sent_at=datetime.now(UTC))
    with warehouse(settings) as client:
        history.save(client, done)
    return done


def _beginning(today: date) -> datetime:
    """Of the Moscow day, by which its message is known again."""
    return Window(first=today, last=today).start
