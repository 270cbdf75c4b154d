"""The notification block is made from the settings, and what it sends arrives, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.flows.conftest import Product
from tests.support.receiver import Receiver

pytestmark = pytest.mark.slow
SAY_IT = """
from prefect.blocks.core import Block
import prefect.blocks.notifications
Block.load({name!r}).notify(body="details", subject="Zakaz: it failed")
"""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


def say(product: Product, name: str) -> None:
    done = product.start(*product.command()[:1], "-c", SAY_IT.format(name=name))
    _, errors = done.communicate(timeout=180)
    assert done.returncode == 0, errors


def test_telegram_takes_the_message_and_the_token_is_in_no_output(product: Product, receiver: Receiver) -> None:
    product.env |= {
        "ZAKAZ_ALERT_BLOCK": "custom-webhook/night",
        "ALERT_TELEGRAM_TOKEN": "12345:secret-of-the-bot",
        "ALERT_TELEGRAM_CHAT": "-100200300",
        "ALERT_TELEGRAM_BASE_URL": receiver.url.rstrip("/"),
    }

    said = product.loaded("blocks")
    say(product, "custom-webhook/night")

    assert said == "custom-webhook/night: ready\n"
    assert receiver.messages == ["Zakaz: it failed\ndetails"]
    assert receiver.requests == [
        (
            "/bot12345:secret-of-the-bot/sendMessage",
            {
                "chat_id": "-100200300",
                "text": "Zakaz: it failed\ndetails",
                "link_preview_options": {"is_disabled": True},
            },
        )
    ]


def test_a_webhook_takes_the_message_and_a_changed_address_is_taken_over(
    product: Product, receiver: Receiver
) -> None:
    product.env |= {"ZAKAZ_ALERT_BLOCK": "custom-webhook/hook", "ALERT_URL": "http://127.0.0.1:9/old"}
    product.loaded("blocks")
    product.env["ALERT_URL"] = receiver.url
    product.loaded("blocks")

    say(product, "custom-webhook/hook")

    assert len(receiver.requests) == 1


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "ZAKAZ_ALERT_BLOCK is missing"),
        ({"ZAKAZ_ALERT_BLOCK": "custom-webhook/x"}, "ALERT_URL is missing"),
        (
            {"ZAKAZ_ALERT_BLOCK": "custom-webhook/x", "ALERT_TELEGRAM_TOKEN": "1:a"},
            "ALERT_TELEGRAM_CHAT is missing",
        ),
        (
            {"ZAKAZ_ALERT_BLOCK": "slack-webhook/x", "ALERT_URL": "http://a"},
            "does not begin with https://hooks.slack",
        ),
        ({"ZAKAZ_ALERT_BLOCK": "pager-duty-webhook/x", "ALERT_URL": "http://a"}, "which Zakaz does not make"),
        ({"ZAKAZ_ALERT_BLOCK": "no slash"}, "ZAKAZ_ALERT_BLOCK is wrong"),
    ],
)
def test_a_missing_or_wrong_setting_is_named(product: Product, settings: dict[str, str], words: str) -> None:
    product.env |= settings

    done = product.run("blocks")

    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_prefect_server_that_is_away_is_said_in_a_line(product: Product) -> None:
    product.env["PREFECT_API_URL"] = "http://127.0.0.1:9/api"
    for command in (["deploy"], ["automations"], ["smoke"]):
        done = product.run(*command)

        assert done.returncode == 1, command
        assert done.stderr.startswith("zakaz: The Prefect server http://127.0.0.1:9/api cannot be reached"), command
