"""Alerts: sent once for a trouble and once when it is resolved, in words that fit a chat, to a webhook or Telegram."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client
from hypothesis import given
from hypothesis import strategies as st

from tasks.alerts import history
from tasks.alerts.alert import LONGEST, Trouble, opened, resolved
from tasks.alerts.channel import Channel, settings_channel
from tasks.alerts.sending import deliver, fire, resolve
from tasks.settings import Settings
from tests.support.receiver import Receiver
from tests.tasks.load.engines import _no_flow_run, values
from tests.tasks.test_harmless import units

__all__ = ["_no_flow_run"]
NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
DAY = timedelta(hours=24)
FAILED = Trouble("run qtickets", "qtickets failed", "Token 1 is wrong.", "The token is wrong.")


LINES = st.lists(st.text("abc 😀,;.", min_size=1, max_size=300), max_size=60).map("\n".join)


@given(LINES, LINES, st.text(min_size=1, max_size=400))
def test_no_message_is_longer_than_telegram_takes_and_each_ends_with_the_run(
    body: str, footer: str, title: str
) -> None:
    told = {"title": title, "body": f"www.evil.com {body}", "footer": f"{footer}\nhttp://ui/runs/1"}
    alert = opened(replace(FAILED, **told), NOW)
    for one in (alert, resolved(alert, NOW)):
        assert units(f"Zakaz: {one.title}\n{one.body}") <= LONGEST < 4096
    assert alert.body.startswith("www․evil․com "), "what is not ours does nothing"
    assert alert.body.endswith("http://ui/runs/1")


def test_a_trouble_is_due_once_until_it_changes_or_lasts_or_was_not_delivered(client: Client) -> None:
    first = history.due(client, FAILED, NOW, DAY)
    assert first
    history.save(client, first)
    assert history.due(client, FAILED, NOW + timedelta(minutes=1), DAY), "it was not delivered"
    history.save(client, replace(first, delivered=1, sent_at=NOW + timedelta(minutes=1)))
    hour = NOW + timedelta(hours=1)
    assert history.due(client, FAILED, hour, DAY) is None
    assert history.due(client, replace(FAILED, essence="Token 25 is wrong."), hour, DAY) is None, "a number"
    for changed in (replace(FAILED, essence="The server is down."), replace(FAILED, size=2)):
        again = history.due(client, changed, hour, DAY)
        assert again
        assert again.opened_at == NOW, "as long as it lasts"
    assert history.due(client, FAILED, NOW + DAY + timedelta(minutes=1), DAY)
    assert history.due(client, replace(FAILED, key="run direct"), hour, DAY), "another trouble"
    history.save(client, resolved(first, hour))
    assert history.open_alert(client, FAILED.key) is None
    assert history.due(client, FAILED, hour, DAY), "it is there again"


def telegram(receiver: Receiver) -> Channel | None:
    given = {"alert_telegram_token": "17:s3cret", "alert_telegram_chat": "-100500"}
    given |= {"alert_telegram_base_url": receiver.url.rstrip("/")}
    return settings_channel(Settings(_env_file=None, **given))  # type: ignore[arg-type]


def test_a_webhook_and_a_telegram_bot_get_what_they_take(receiver: Receiver) -> None:
    hook = settings_channel(Settings(_env_file=None, alert_url=f"{receiver.url}hooks/s3cret"))
    for channel in (hook, telegram(receiver)):
        assert channel and deliver(opened(FAILED, NOW), channel).delivered == 1
    text = "Zakaz: qtickets failed\nThe token is wrong."
    in_chat = {"chat_id": "-100500", "text": text, "link_preview_options": {"is_disabled": True}}
    assert receiver.requests == [("/hooks/s3cret", {"text": text}), ("/bot17:s3cret/sendMessage", in_chat)]


@pytest.mark.usefixtures("client")
def test_the_end_of_a_trouble_answers_its_message_where_the_chat_can(place: Settings, receiver: Receiver) -> None:
    bot, receiver.reply = telegram(receiver), b'{"ok": true, "result": {"message_id": 7}}'
    fire(place, FAILED, bot)
    resolve(place, FAILED.key, bot)
    answers = [body.get("reply_parameters") for _, body in receiver.requests]
    assert answers == [None, {"message_id": 7, "allow_sending_without_reply": True}]


def test_a_refusal_fails_nothing_and_neither_record_nor_log_has_the_address(
    receiver: Receiver, caplog: Any
) -> None:
    receiver.status = 403
    url = f"{receiver.url}hooks/s3cret"
    alert = deliver(opened(FAILED, NOW), settings_channel(Settings(_env_file=None, alert_url=url)))
    assert (alert.delivered, alert.error) == (0, "HTTPStatusError 403")
    assert "could not be delivered" in caplog.text and "s3cret" not in caplog.text + str(alert)


def alerts(client: Client) -> list[tuple[object, ...]]:
    sql = "SELECT trouble, closed_at IS NOT NULL AS resolved, delivered, error FROM meta_alerts FINAL"
    return values(client, sql)


def test_a_trouble_is_sent_once_and_so_is_its_end(place: Settings, client: Client) -> None:
    messages: list[str] = []

    def refuse(_subject: str, _body: str) -> None:
        raise ConnectionError("http://hooks/s3cret")

    channel = Channel("test", lambda subject, body: messages.append(f"{subject}\n{body}"))
    for _ in range(2):
        fire(place, FAILED, channel)
    assert messages == ["Zakaz: qtickets failed\nThe token is wrong."]
    assert alerts(client) == [("run qtickets", 0, 1, "")]
    resolve(place, FAILED.key, Channel("down", refuse))
    assert alerts(client) == [("run qtickets", 0, 0, "ConnectionError")], "it stays open to be sent the next time"
    for key in (FAILED.key, FAILED.key, "never sent"):
        resolve(place, key, channel)
    assert [message.partition("\n")[0] for message in messages[1:]] == ["Zakaz: Исправлено: qtickets failed"]
    assert alerts(client) == [("run qtickets", 1, 1, "")]


def test_what_only_looks_sends_its_alert_and_makes_no_schema(place: Settings, client: Client, caplog: Any) -> None:
    sent: list[str] = []
    channel = Channel("test", lambda subject, _body: sent.append(subject), lambda: None)
    empty = place.model_copy(update={"clickhouse_database": "never_migrated"})
    fire(empty, replace(FAILED, title="smoke failed"), channel, only_looks=True)
    assert (sent, caplog.messages) == (["Zakaz: smoke failed"], [])
    assert values(client, "SELECT name FROM system.tables WHERE database = 'never_migrated'") == []
