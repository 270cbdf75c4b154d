"""No personal datum and no secret is in the landing area, in any table, in a log, a message or on the terminal."""

import json
import logging
import re
import stat
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
from pydantic import SecretStr

from cli import terminal
from tasks.fetch.kinds import words
from tasks.fetch.qtickets.rows import BASKET_FIELDS, CITY_FIELDS, EVENT_FIELDS, ORDER_FIELDS, SHOW_FIELDS, Fields
from tasks.load.quarantine import listing
from tasks.load.warehouse import warehouse
from tests.path.conftest import SOURCES, Scene, the_world

# What is planted, and what of it would give the person away.
_MAIL = (
    "planted.ivan@mail.example.ru planted.ivan%2540mail.example.ru ｐｌａｎｔｅｄ.ｉｖａｎ＠mail.example.ru".split()
)
_PHONE = ("+7 (916) 723-45-67", "8-916-723-45-67", "%2B7 916 723 45 67", "8 ٩١٦ ٧٢٣ ٤٥ ٦٧")
TEXTS = {
    **dict.fromkeys((*_MAIL, "planted.ivan [at] mail (dot) example (dot) ru"), "planted.ivan"),
    **dict.fromkeys(_PHONE, "9167234567"),
    **dict.fromkeys(("https://t.me/planted_person", "@planted_person"), "planted_person"),
    **{"post_tgid_987654321012_spb": "987654321012", "4111-1111-1111-1111": "4111111111111111"},
}
WRONG: list[Any] = [
    {"email": "planted.ivan@mail.example.ru", "phone": "+79167234567"}, ["Плантедова Мария", {"name": "Плантедова"}],
    "Плантедова Мария, +7 916 723-45-67", "8 916 723 45 67", "planted_person",
]  # fmt: skip
SECRETS = {*TEXTS.values(), "Плантедова", "planted"}
TAGS = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")


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
        event |= {key: f"Вечер {text}" for key, text in texts(EVENT_FIELDS, number).items()}
        event["city"] = texts(CITY_FIELDS, number)
        event[wrong[number % len(wrong)]] = WRONG[number % len(WRONG)]
        for show in event["shows"][:1]:
            show[of_show[number % len(of_show)]] = WRONG[number % len(WRONG)]
    return json.dumps(body).encode()


def text_of(number: int) -> str:
    return list(TEXTS)[number % len(TEXTS)]


def texts(fields: Fields, number: int) -> dict[str, str]:
    """Of all fields of words."""
    return {key: text_of(number + n) for n, key in enumerate(key for key, kind in fields.values() if kind is words)}


def others_of(fields: Fields) -> list[str]:
    return [key for key, kind in fields.values() if kind is not words]


def marks_in(text: str) -> set[str]:
    """Secrets that stand there, also where the digits or letters of one are apart."""
    lower = text.lower()
    digits, letters = re.sub(r"\D", "", lower), re.sub(r"[^a-z_.]", "", lower)
    return {secret for secret in SECRETS if secret.lower() in lower or secret in letters or secret in digits}


def everything(scene: Scene) -> list[pl.DataFrame]:
    """Every landed part and every table."""
    parts = [pl.read_parquet(path) for path in scene.product.landing.rglob("*.parquet")]
    assert parts
    return parts + [scene.product.select(f"SELECT * FROM {name}") for name in scene.product.filled()]


def test_no_mark_of_a_person_is_anywhere_after_a_load(
    scene: Scene, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """With marks in every field that is read."""
    caplog.set_level(logging.DEBUG)
    served = scene.stage.qtickets
    for path, edit in (("/orders", planted_in_orders(served.orders)), ("/events", planted_in_events)):
        served.faults.add("edit", path, times=1000, call=edit)
    served.switches.honour_select = False

    outcome = scene.load("qtickets")
    replayed = scene.product.replay("qtickets")

    assert outcome.status == replayed.status == "success", outcome
    assert outcome.report and outcome.report.rejected > 5
    with warehouse(scene.product.settings) as client:
        held = listing(client, 1000)
    for as_json in (False, True):
        terminal.print_frame(held, as_json, terminal.QUARANTINE_COLUMNS, "")
    told = capsys.readouterr()
    manifests = [path.read_text() for path in scene.product.landing.rglob("manifest.json")]
    for cell in {str(value) for frame in everything(scene) for row in frame.rows() for value in row}:
        assert not marks_in(cell), cell
    for line in (told.out + told.err + caplog.text + outcome.message + "\n".join(manifests)).splitlines():
        assert not marks_in(line), line

    # The search finds what is there, and what is masked can still be told apart and put together.
    assert marks_in(json.dumps([TEXTS, WRONG], ensure_ascii=False)) >= {"planted.ivan", "9167234567", "Плантедова"}
    assert "an object" in told.out and "text of 34 characters" in told.out
    tags = scene.product.select("SELECT DISTINCT utm_source FROM stg_qtickets_tickets")["utm_source"].to_list()
    assert all(re.fullmatch(r"msk\|.*~[a-p]{6}(_spb)?\|x", tag) for tag in tags), tags
    assert len({tag for tag in tags if "email~" in tag}) == len({tag for tag in tags if "phone~" in tag}) == 1


def test_no_buyer_and_no_secret_is_left_by_any_run(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    scene.loaded()
    settings, issued = scene.product.settings, scene.stage.vk.tokens.issued[0].access
    assert stat.S_IMODE(settings.vk_token_file.stat().st_mode) == 0o600
    assert issued in settings.vk_token_file.read_text()
    settings.vk_token_file.unlink()
    names = ("qtickets_token", "direct_token", "vk_client_secret")
    wrong = dict.fromkeys(names, SecretStr("wrong-secret-4711"))
    scene.product.settings = settings.model_copy(update=wrong)
    failed = [scene.load(source) for source in SOURCES]
    assert {outcome.status for outcome in failed} == {"failed"}
    cells = {str(value) for frame in everything(scene) for row in frame.rows() for value in row}
    files = [path.read_text() for path in scene.product.landing.rglob("*.json")]
    seen = "\n".join([*cells, *files, caplog.text, *(outcome.message for outcome in failed)])
    secrets = {issued, "wrong-secret-4711", *(getattr(settings, name).get_secret_value() for name in names)}
    buyers, clients = the_world().personal_strings(), [order["client"] for order in scene.stage.qtickets.orders]
    assert len(buyers) > 3_000
    assert buyers >= {text for one in clients for text in (one["email"], *one["details"].values())}
    assert not [text for text in buyers | secrets if text in seen]
    assert str(next(iter(the_world().orders)).id) in seen, "the search itself must be able to find"
