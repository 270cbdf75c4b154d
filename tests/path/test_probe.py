"""`zakaz probe`: every answer is told from the others, settings follow from it, and nothing but shapes leaves."""

import json
import logging
import os
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cli import probing
from sandbox import variants
from sandbox.direct import DirectSwitches
from sandbox.qtickets import Switches
from sandbox.vk.ads.switches import Switches as VkSwitches
from sandbox.world import World
from tasks import smoke
from tasks.errors import ZakazError
from tasks.load.migrate import migrated
from tasks.load.warehouse import warehouse
from tasks.settings import load_settings
from tasks.sources import SOURCES
from tasks.sources.accounts import Account
from tasks.unknowns import INTERVIEWS
from tasks.unknowns.answers import keep
from tasks.unknowns.asking import ask_all
from tasks.unknowns.page import DOCS, PAGES, page
from tasks.unknowns.shapes import Shaper
from tasks.unknowns.token_file import write
from tasks.unknowns.watch import MOST_CALLS, NotAsked, Watch
from tests.flows import ad_truth, truth
from tests.path.conftest import FIRST, NOW, YESTERDAY, Scene, scene_of, the_world
from tests.path.conftest import SOURCES as LOADED
from tests.support.stage import Stage

UNTOLD = {("qtickets_filter", "neither"): "qtickets_date_format", ("direct_version", "v5"): "direct_combinatorial"}
"""A question that cannot be answered where another has this answer."""
ASKED = {name: [*told] for api in ("qtickets", "vk", "direct") for name, told in variants.VARIANTS[api].items()}
"""The answers of each question that a load can live with; those of the legacy API are apart."""
ASKED["vk_host"] = ["both", "here", "both", "moved"]


def as_usual(stage: Stage) -> None:
    stage.qtickets.switches, stage.vk.switches = Switches(), VkSwitches()
    quick = ("reports_in_ten_seconds", "daily_points", "retry_in")
    stage.direct.switches = DirectSwitches(**{name: getattr(stage.direct.switches, name) for name in quick})
    stage.direct.currency = "RUB"


@pytest.fixture
def given_file(scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What `--env` names: the settings of all accounts."""
    settings = scene.product.settings
    where = settings.clickhouse_dsn.get_secret_value(), settings.clickhouse_database
    made = scene.stage.environment(*where, tmp_path)
    del made["VK_PAGE_SIZE"]
    file = tmp_path / "of-all"
    file.touch(0o600)
    file.write_text("# mine\n" + "".join(f"{name}={value}\n" for name, value in made.items()))
    monkeypatch.setenv("ZAKAZ_ENV", str(file))
    monkeypatch.setenv("ZAKAZ_IGNORE_SECRETS", "1")
    monkeypatch.delenv("LANDING_URL", raising=False)
    monkeypatch.setattr(probing, "FOLDER", tmp_path / "probe")
    return file


def probed() -> Path:
    """The file of shapes. What follows is applied."""
    before = set(probing.FOLDER.glob("*"))
    assert probing.run_probe("all", None, True) == 0
    (file,) = set(probing.FOLDER.glob("*")) - before
    return file


def warned(account: Account) -> bool:
    probe = smoke.timed("answers", lambda: smoke._answers(account))
    return probe.status == "warning" and "contradict" in probe.found


@pytest.mark.parametrize("turn", range(max(map(len, ASKED.values()))))
def test_each_answer_is_told_and_obeyed(
    turn: int, scene: Scene, given_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One answer of each question at a time. By the file of the first probe the sandbox behaves so again, and a second
    probe, with the settings that followed, tells the same."""
    chosen = {question: answers[turn % len(answers)] for question, answers in ASKED.items()}
    tags = chosen["vk_default_tags"]
    as_usual(scene.stage)
    assert variants.behave(scene.stage.apis, chosen) == []
    before = load_settings()
    first = variants.answers_in(str(probed()))
    as_usual(scene.stage)
    variants.behave(scene.stage.apis, first | {"vk_default_tags": tags})
    # An API that has moved tells nothing else until the new address is set.
    if chosen["vk_host"] == "moved":
        assert first["vk_host"] == "moved"
        assert load_settings().vk_base_url == before.vk_base_url.replace("127.0.0.1", "localhost")
        chosen = {question: answer for question, answer in chosen.items() if not question.startswith("vk_")}

    scene.product.settings = load_settings()
    outcomes = {name: scene.load(name) for name in LOADED}
    assert {outcome.status for outcome in outcomes.values()} == {"success"}, outcomes
    assert scene.sales() == truth.sales(the_world())
    assert scene.product.held("tickets") == truth.tickets(the_world())
    if chosen["direct_vat"] == "nothing":
        monkeypatch.setattr(ad_truth, "with_vat", lambda net, _day: net)
    for source in ("vk_ads", "direct"):
        assert scene.product.held(source) == ad_truth.facts(the_world(), source, FIRST, YESTERDAY)

    told = variants.answers_in(str(probed()))
    untold = {UNTOLD[pair] for pair in chosen.items() if pair in UNTOLD}
    wanted = {question: None if question in untold else answer for question, answer in chosen.items()}
    assert {question: told.get(question) for question in chosen} == wanted
    assert (given_file.read_text()[:7], given_file.stat().st_mode & 0o777) == ("# mine\n", 0o600)
    after = load_settings()
    for name in LOADED:
        account = Account(SOURCES[name], "main", after)
        assert not warned(account)
        own = [field for field in type(after).model_fields if field.startswith(f"{account.source.word}_")]
        has_changed = any(getattr(before, field) != getattr(after, field) for field in own)
        if chosen.get("vk_host") or name != "vk_ads":
            assert warned(replace(account, settings=before)) == has_changed


def test_settings_follow_from_answers() -> None:
    """Each that the file can write, by hand: a load finds its way with others as well."""
    asked = [question for interview in INTERVIEWS.values() for question in interview.questions]
    verdicts = {(one.id, answer): verdict for one in asked for answer, verdict in one.answers.items()}
    assert {key: (one.setting, one.fits[:1]) for key, one in verdicts.items()}.items() >= {
        ("qtickets_filter", "query"): ("QTICKETS_FILTER", ("query",)),
        ("qtickets_date_format", "sql"): ("QTICKETS_DATE_FORMAT", ("sql",)),
        ("qtickets_select", "lost"): ("QTICKETS_SELECT", ("false",)),
        ("vk_page_size", "refused"): ("VK_PAGE_SIZE", ("50",)),
        ("vk_host", "moved"): ("VK_BASE_URL", ()),
        ("direct_version", "v5"): ("DIRECT_VERSION", ("v5",)),
        ("direct_combinatorial", "bare"): ("DIRECT_VERSION", ("v501",)),
    }.items()


@pytest.mark.parametrize("answer", variants.VARIANTS["legacy"]["vk_legacy_alive"])
def test_the_old_api_is_told_to_be_alive_or_not(answer: str, scene: Scene) -> None:
    scene.use_legacy()
    variants.behave(scene.stage.apis, {"vk_legacy_alive": answer})
    first = YESTERDAY - timedelta(days=2)
    account = scene.product.account("vk_ads")
    (answered,), _ = ask_all(INTERVIEWS["vk_ads"], account, b"key")
    assert answered.judged and answered.judged.answer == answer
    assert scene.load("vk_ads", first).status == ("failed" if answer == "refused" else "success")
    wanted = ad_truth.facts(the_world(), "vk_ads", first, YESTERDAY, groups=False) if answer == "alive" else {}
    assert scene.product.held("vk_ads") == wanted
    assert not scene.stage.legacy.writes


def test_nothing_but_a_read_is_sent_and_twenty_of_them() -> None:
    def sent(source: str, method: str, url: str, times: int = 1, host: str = "api", **content: Any) -> bool:
        watch = Watch(INTERVIEWS[source].reads, ("api.example",), Shaper(b""))
        try:
            for _ in range(times):
                watch.before(httpx.Request(method, f"https://{host}.example{url}", **content))
        except NotAsked:
            return False
        return True

    for is_sent, source, method, url, more in (
        (True, "qtickets", "GET", "/api/rest/v1/orders?page=1", {}),
        (True, "qtickets", "GET", "/orders", {"times": MOST_CALLS}),
        (True, "direct", "POST", "/json/v501/campaigns", {"json": {"method": "get", "params": {}}}),
        (True, "direct", "POST", "/json/v5/reports", {"json": {"params": {}}}),
        (True, "vk_ads", "POST", "/api/v2/oauth2/token.json", {"data": {"grant_type": "client_credentials"}}),
        (False, "qtickets", "GET", "/orders", {"times": MOST_CALLS + 1}),
        (False, "qtickets", "GET", "/orders", {"host": "elsewhere"}),
        (False, "qtickets", "POST", "/api/rest/v1/orders", {"json": {}}),
        (False, "qtickets", "DELETE", "/api/rest/v1/orders/1/baskets", {}),
        (False, "qtickets", "GET", "/api/rest/v1/shows/1/barcode/2", {}),
        (False, "direct", "POST", "/json/v501/campaigns", {"json": {"method": "suspend", "params": {}}}),
        (False, "direct", "POST", "/json/v501/ads", {"json": {"params": {}}}),
        (False, "direct", "POST", "/json/v501/bids", {"json": {"method": "get"}}),
        (False, "vk_ads", "POST", "/api/v2/banners.json", {"json": {}}),
        (False, "vk_ads", "POST", "/api/v2/oauth2/token/delete.json", {"data": {"grant_type": "refresh_token"}}),
        (False, "vk_ads", "POST", "/method/ads.updateAds", {}),
    ):
        assert sent(source, method, url, **more) is is_sent, url


STATUSES = st.sampled_from((200, 200, 200, 201, 301, 307, 400, 401, 403, 404, 503))
MOVED = ("/vk/api/v2/banners.json", "/direct/json/v5/bids", "/direct/json/v5/ads", "https://x.example/9167234567")
MARKS = ("planted.ivan", "9167234567", "Плантедова", "4111111111111111", "planted-secret")
PLANTED: tuple[Any, ...] = (
    "planted.ivan@mail.example.ru", "+79167234567", 79167234567, 9167234567.0, "Плантедова Мария", "4111111111111111",
    "Bearer planted-secret", {"planted.ivan@mail.example.ru": 1}, [{"79167234567": "Плантедова"}],
    {"name": {"Плантедова": 4111111111111111}}, "2026-01-02 planted.ivan",
)  # fmt: skip


def planted(value: Any, luck: random.Random, share: float) -> Any:
    """The value with persons and secrets in some of its places, names among them."""
    if luck.random() < share:
        return luck.choice(PLANTED)
    if isinstance(value, dict):
        return {
            name if luck.random() >= share / 2 else str(luck.choice(PLANTED)): planted(one, luck, share)
            for name, one in value.items()
        }
    return [planted(one, luck, share) for one in value] if isinstance(value, list) else value


def plant(body: bytes, luck: random.Random, share: float) -> bytes:
    try:
        return json.dumps(planted(json.loads(body), luck, share), ensure_ascii=False).encode()
    except ValueError:
        rows = [[planted(one, luck, share) for one in line.split("\t")] for line in body.decode().splitlines()]
        return "\n".join("\t".join(map(str, row)) for row in rows).encode()


def test_no_person_and_no_secret_is_in_the_file_on_the_terminal_in_the_log_or_the_warehouse(
    clickhouse_dsn: str, ready_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """Whatever the APIs send; ZAKAZ_TEST_EXAMPLES=1000 tries as many replies of each."""
    caplog.set_level(logging.DEBUG, "zakaz")
    monkeypatch.setattr(probing, "FOLDER", tmp_path / "probe")
    small = World.generate(until=NOW, days=4, scale=0.1)
    with scene_of(small, clickhouse_dsn, ready_database, tmp_path) as scene:

        @settings(max_examples=int(os.environ.get("ZAKAZ_TEST_EXAMPLES") or 5))
        @example(seed=1, share=0.02, status=200)
        @given(seed=st.integers(), share=st.sampled_from((0.0, 0.005, 0.05, 0.5, 1.0)), status=STATUSES)
        def replied(seed: int, share: float, status: int) -> None:
            seen = "".join(all_told(scene, random.Random(seed), share, status))
            told = capsys.readouterr()
            assert not [mark for mark in MARKS if mark in seen + told.out + told.err + caplog.text]
            caplog.clear()
            assert {request.method for request in scene.stage.requests("qtickets")} <= {"GET"}
            assert scene.stage.vk.writes == scene.stage.direct.writes == []

        replied()
        with warehouse(scene.product.settings) as client:
            rows = str(client.query("SELECT * FROM meta_answers").result_rows)
    assert "direct_units" in rows
    assert not [mark for mark in MARKS if mark in rows]
    assert not [mark for mark in MARKS if mark not in str(PLANTED)], "the search itself must be able to find"


def all_told(scene: Scene, luck: random.Random, share: float, status: int) -> Iterator[str]:
    """A probe of replies in which persons are planted; what is in its file. The answers are kept, too."""
    stage, settings = scene.stage, scene.product.settings
    headers = dict.fromkeys(("X-Planted.Ivan-9167234567", "Units"), "planted-secret")
    headers |= {"Retry-After": "9167234567"}
    if 300 <= status < 400:
        headers["Location"] = luck.choice(MOVED)
    stage.calm()
    for api in ("qtickets", "vk", "direct"):
        stage.faults(api).add(
            "edit", "*", times=10**6, after=luck.randrange(4), call=lambda body: plant(body, luck, share),
            status=status, headers=headers,
        )  # fmt: skip
    settings.vk_token_file.unlink(missing_ok=True)
    told = []
    for name in LOADED:
        account = Account(SOURCES[name], "main", settings)
        try:
            told.append((account, *ask_all(INTERVIEWS[name], account, b"key")))
        except ZakazError as error:
            yield str(error)
    for account, answered, _ in told:
        yield from probing._lines(account, answered, "ru")
    file = probing.write_shapes(told)
    yield file.read_text()
    file.unlink()
    if luck.random() < 0.02 or share == 0.02:
        with migrated(settings) as client:
            for account, answered, _ in told:
                keep(client, account, answered)


def test_a_link_of_the_file_with_a_token_is_kept_and_every_other_line_of_it(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / ".env.vk"
    real.write_text('# a remark\nexport VK_TOKEN="a=b"\nVK_PAGE_SIZE=250\n\nVK_RATE=2')
    real.chmod(0o644)
    link.symlink_to(real)
    write(link, {"VK_PAGE_SIZE": "50", "VK_BASE_URL": "https://ads.vk.ru"})
    assert (link.is_symlink(), real.stat().st_mode & 0o777) == (True, 0o600)
    told = '# a remark\nexport VK_TOKEN="a=b"\nVK_PAGE_SIZE=50\n\nVK_RATE=2\nVK_BASE_URL=https://ads.vk.ru\n'
    assert real.read_text() == told


@pytest.mark.parametrize("language", PAGES)
def test_the_page_of_what_is_not_known_is_made_of_the_questions(language: str) -> None:
    written = (DOCS / PAGES[language]).read_text("utf-8")
    assert page(written, language) == written, "make unknowns"
