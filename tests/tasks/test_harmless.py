"""What a buyer, an API or a server sent does nothing where people see it, and reads as it did. Alerts: sent once for a trouble
and once when it is resolved, in words that fit a chat, to a webhook or Telegram."""

import re
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tasks.alerts import history
from tasks.alerts.alert import LONGEST, Trouble, opened, resolved
from tasks.alerts.channel import Channel, settings_channel
from tasks.alerts.sending import deliver, fire, resolve
from tasks.harmless import for_chat, for_markdown, for_spreadsheet, for_terminal
from tasks.settings import Settings
from tests.support.receiver import Receiver
from tests.tasks.load.engines import values

ATTACKS = {
    "a link of Markdown": "spring](http://evil.com/x)",
    "an image": "![x](https://evil.com/p.png)",
    "mentions of Slack": "<!channel> <@U123> <!subteam^S1> <http://evil.com|bank>",
    "mentions": "@channel @here @all @everyone @username &#64;channel &commat;here",
    "bare domains": "evil.com www.evil.com t.me/x сайт.рф 1.2.3.4 EVIL.COM evil。com",
    "HTML": "<a href='http://evil.com'>x</a><img src=x onerror=alert(1)><b>b</b>",
    "escape codes": "\x1b[31mred\x1b[0m \x1b]8;;http://evil.com\x07x\x1b]8;;\x07 \x9b2J \u202egnp.exe v\u200bk",
    "overwriting": "status: failed\rstatus: ok\x08\x08\x7f\nZakaz: all is well\u2028three",
    "markup of Markdown": "# a `b` *c* __d__ ~~e~~ | f | ||g|| > h",
    "markup of rich": "[red]x[/red] [link=http://evil.com]x[/link]",
    "a command of a bot": "/start and /kick@bot",
    "a secret of a block": "{{token}} {% raw %} {{{{address}}}}",
}
ODD = st.lists(
    st.sampled_from(
        ["evil.com", "http://", "](", "www.", "@here", "<!x>", "&#64;", "/start", "{{", "1.2.3.4", "_", "**"]
    )
    | st.sampled_from("aя1 \n\t\r\x1b\x9b\u202e\u200b\\`*_[](){}<>#+-.!|~&@:/=;\"'$%^")
    | st.characters(),
    max_size=30,
).map("".join)
UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\u00ad\ud800-\udfff]")
LINKED = re.compile(r"://|www\.|[^\W_]\.[^\W\d_]|\d\.\d+\.\d+\.\d|[@<>]|&[#\w]", re.IGNORECASE)
PLACES = ["{}", "## {}", "- **Check** (fail): {}. Why.", "\n**Warning:** {}", "| a | b |\n|---|---|\n| {} | 1 |"]


def markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def structure(text: str) -> list[str]:
    """The types of all tokens; of text that comes in pieces, one."""
    flat = [inner.type for token in markdown().parse(text) for inner in (token, *(token.children or []))]
    return [kind for kind, before in zip(flat, ["", *flat], strict=False) if (kind, before) != ("text", "text")]


def units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


@pytest.mark.parametrize("text", ATTACKS.values(), ids=ATTACKS)
def test_a_known_attack_is_plain_text_in_a_chat_in_markdown_and_in_a_terminal(text: str) -> None:
    shown = for_chat(text)
    assert not UNSEEN.search(shown)
    assert not LINKED.search(shown)
    assert not re.search(r"[`*|~#\\]|\]\(|\{\{|\{%|(?<!\w)/\w+(?![\w/])", shown)
    for place in PLACES:
        # Prefect's page makes links of what looks like one when the escapes are gone.
        assert structure(place.format(for_markdown(text))) == structure(place.format("word"))
        assert not LINKED.search(re.sub(r"\\(?=[^\w\s])", "", for_markdown(text)))
    assert not any(unicodedata.category(sign)[0] == "C" for sign in for_terminal(text))
    assert len(for_terminal(text)) == len(text), "what cannot be seen is made visible"


@given(ODD)
def test_whatever_the_text_no_chat_does_anything_with_it(text: str) -> None:
    shown = for_chat(text)
    assert not UNSEEN.search(shown)
    assert not LINKED.search(shown)
    assert units(shown) <= units(text), "what was cut to the limit of a channel stays within it"
    assert {token.type for line in markdown().parse(shown) for token in line.children or []} <= {"text"}


@given(ODD.filter(lambda text: for_markdown(text) != ""), st.sampled_from(PLACES))
def test_whatever_the_text_markdown_is_built_as_without_it(text: str, place: str) -> None:
    assert structure(place.format(for_markdown(text))) == structure(place.format("word"))


def test_in_a_chat_plain_words_and_figures_stay_as_they_are() -> None:
    plain = 'utm_source "vk_ads", 15.50 of 1 000.00, 01.10.2026, и/или, R & B (2-й ряд); 50 % = ½: /data/landing/x'
    plain += "; put QTICKETS_TOKEN into secrets/.env.qtickets."
    assert for_chat(plain) == plain
    assert "." not in for_chat("secrets/.env.vk.com a/secrets/.env.vk secrets/.env.qtickets.ru").replace("/.", "/")
    assert "。" not in for_chat("secrets/.env.vk。com")


FORMULAS = [
    "=1+1", "@SUM(A1)", "\t=1", "\rx", " =1", "\u200b=1", '"=1', "＝1+1", "−1+1", "- 5 000", "+7 916", "-5.00x",
]  # fmt: skip
NO_FORMULAS = [*"-5.00 +3 -1e-7 -12,5 +79160000000 -7% Москва a-b a=b 1;-2".split(), "", "x, -5"]


def test_what_a_spreadsheet_would_take_for_a_formula_is_text_and_a_number_stays_one() -> None:
    for text in FORMULAS:
        shown = for_spreadsheet(text)
        assert shown[0] == "'"
        assert shown.replace("'", "") == text
    assert [for_spreadsheet(text) for text in NO_FORMULAS] == NO_FORMULAS
    assert for_spreadsheet('x; "=1+1') == "x;' \"=1+1", "where a file with commas is cut at semicolons, too"


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
    history.save(client, resolved(first, NOW - DAY))
    assert history.open_alerts(client, FAILED.key) == [], "also where the clock was set back"
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
