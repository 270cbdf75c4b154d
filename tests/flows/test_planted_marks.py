"""One load of QTickets into the embedded warehouse, with marks of persons in every field that is read: none of them is
in the landing area, in any table, in the log, in the run's message or in what the terminal shows of the quarantine."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cli import terminal
from sandbox.world import World
from tasks.fetch.kinds import words
from tasks.fetch.qtickets.rows import BASKET_FIELDS, CITY_FIELDS, EVENT_FIELDS, ORDER_FIELDS, SHOW_FIELDS, Fields
from tasks.load.quarantine import listing
from tasks.load.warehouse import warehouse
from tests.flows import truth
from tests.support.inprocess import Clock, Product, in_process
from tests.support.stage import stage

NOW = datetime.fromisoformat("2026-03-08T12:00:00+03:00")
DAYS = 3
# What is planted, and what of it would give the person away.
TEXTS = {
    "planted.ivan@mail.example.ru": "planted.ivan",
    "planted.ivan%2540mail.example.ru": "planted.ivan",
    "planted.ivan [at] mail (dot) example (dot) ru": "planted.ivan",
    "ｐｌａｎｔｅｄ.ｉｖａｎ＠mail.example.ru": "planted.ivan",
    "+7 (916) 723-45-67": "9167234567",
    "8-916-723-45-67": "9167234567",
    "%2B7 916 723 45 67": "9167234567",
    "8 ٩١٦ ٧٢٣ ٤٥ ٦٧": "9167234567",
    "post_tgid_987654321012_spb": "987654321012",
    "https://t.me/planted_person": "planted_person",
    "@planted_person": "planted_person",
    "4111-1111-1111-1111": "4111111111111111",
}
WRONG: list[Any] = [
    {"email": "planted.ivan@mail.example.ru", "phone": "+79167234567"},
    ["Плантедова Мария", {"name": "Плантедова"}],
    "Плантедова Мария, +7 916 723-45-67",
    "8 916 723 45 67",
    "planted_person",
]
SECRETS = {*TEXTS.values(), "Плантедова", "planted"}
TAGS = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")


@pytest.fixture(scope="module")
def world() -> World:
    return World.generate(until=NOW, days=DAYS, scale=0.3)


def planted_in_orders(orders: list[dict[str, Any]]) -> Callable[[bytes], bytes]:
    """An editor of pages: a text in every tag, and in every other field that is read, of one order each, a value of
    another kind."""
    paid = [order["id"] for order in orders if order["payed"] and not order["deleted_at"]]
    places = [(False, key) for key in others_of(ORDER_FIELDS)] + [(True, key) for key in others_of(BASKET_FIELDS)]
    wrong = dict(zip(paid, places, strict=False))

    def edit(page: bytes) -> bytes:
        body = json.loads(page)
        for order in body["data"]:
            number = order["id"]
            order["utm"] = {tag: f"msk|{text_of(number + n)}|x" for n, tag in enumerate(TAGS)}
            if number in wrong:
                in_basket, key = wrong[number]
                (order["baskets"][0] if in_basket else order)[key] = WRONG[list(wrong).index(number) % len(WRONG)]
        return json.dumps(body).encode()

    return edit


def planted_in_events(page: bytes) -> bytes:
    """The same of events and their shows. The ids stay: without them nobody knows whose tickets were sold."""
    body = json.loads(page)
    wrong = others_of(EVENT_FIELDS)[1:]
    of_show = others_of(SHOW_FIELDS)
    for event in body["data"]:
        number = event["id"]
        event |= {key: f"Вечер {text_of(number + n)}" for n, key in enumerate(words_of(EVENT_FIELDS))}
        event["city"] = {key: text_of(number + n) for n, key in enumerate(words_of(CITY_FIELDS))}
        event[wrong[number % len(wrong)]] = WRONG[number % len(WRONG)]
        for show in event["shows"][:1]:
            show[of_show[number % len(of_show)]] = WRONG[number % len(WRONG)]
    return json.dumps(body).encode()


def text_of(number: int) -> str:
    return list(TEXTS)[number % len(TEXTS)]


def words_of(fields: Fields) -> list[str]:
    return [key for key, kind in fields.values() if kind is words]


def others_of(fields: Fields) -> list[str]:
    return [key for key, kind in fields.values() if kind is not words]


def marks_in(text: str) -> set[str]:
    """Secrets that stand there, also where the digits or letters of one are apart."""
    lower = text.lower()
    digits, letters = re.sub(r"\D", "", lower), re.sub(r"[^a-z_.]", "", lower)
    return {secret for secret in SECRETS if secret.lower() in lower or secret in letters or secret in digits}


def test_no_mark_of_a_person_is_anywhere_after_a_load(
    world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    with stage(world) as served, in_process(Clock(NOW + timedelta(minutes=1))):
        for path, edit in (("/orders", planted_in_orders(served.qtickets.orders)), ("/events", planted_in_events)):
            served.qtickets.faults.add("edit", path, times=1000, call=edit)
        served.qtickets.switches.honour_select = False
        product = Product(served.settings(f"chdb://{tmp_path / 'warehouse'}", "zakaz", tmp_path))
        first, last = truth.moscow_day(NOW) - timedelta(days=DAYS - 1), truth.moscow_day(NOW)

        outcome = product.load("qtickets", first, last)
        replayed = product.replay("qtickets")

        names = product.select(
            "SELECT name FROM system.tables WHERE database = 'zakaz' AND engine NOT LIKE '%View'"
        )
        tables = {name: product.select(f"SELECT * FROM {name}") for name in names["name"]}
        with warehouse(product.settings) as client:
            held = listing(client, 1000)
        terminal.print_frame(held, False, terminal.QUARANTINE_COLUMNS, "")
        terminal.print_frame(held, True, terminal.QUARANTINE_COLUMNS, "")

    assert outcome.status == replayed.status == "success", outcome
    assert outcome.rejected > 5
    assert tables["stg_qtickets_tickets"].height > 50
    landed = [pl.read_parquet(part) for part in tmp_path.glob("landing/**/*.parquet")]
    assert len(landed) == 2
    for frame in [*landed, *tables.values()]:
        for row in frame.iter_rows(named=True):
            assert not {name: value for name, value in row.items() if marks_in(str(value))}
    files = {path for path in tmp_path.rglob("*") if path.is_file() and "landing" in path.parts}
    assert {path.suffix for path in files} == {".parquet"}
    told = capsys.readouterr()
    for line in (told.out + told.err + caplog.text + outcome.message + replayed.message).splitlines():
        assert not marks_in(line), line

    # The search finds what is there, and what is masked can still be told apart and put together.
    assert marks_in(json.dumps([TEXTS, WRONG], ensure_ascii=False)) >= {"planted.ivan", "9167234567", "Плантедова"}
    assert "an object" in told.out
    assert "text of 34 characters" in told.out
    tags = tables["stg_qtickets_tickets"]["utm_source"].unique().to_list()
    assert all(re.fullmatch(r"msk\|.*~[a-p]{6}(_spb)?\|x", tag) for tag in tags), tags
    assert len({tag for tag in tags if "email~" in tag}) == len({tag for tag in tags if "phone~" in tag}) == 1
