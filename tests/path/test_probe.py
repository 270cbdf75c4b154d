"""`zakaz probe`: every answer is told from the others, settings follow from it, and nothing but shapes leaves."""

import json
import logging
import random
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cli import probing
from sandbox import variants
from sandbox.direct import DirectSwitches
from sandbox.qtickets import Switches
from sandbox.vk.ads.switches import Switches as VkSwitches
from tasks import smoke
from tasks.errors import ZakazError
from tasks.load.migrate import migrated
from tasks.settings import load_settings
from tasks.sources import SOURCES
from tasks.sources.accounts import Account
from tasks.unknowns import INTERVIEWS
from tasks.unknowns.answers import keep
from tasks.unknowns.asking import ask_all
from tasks.unknowns.page import DOCS, PAGES, page
from tasks.unknowns.shapes import Shaper
from tasks.unknowns.watch import MOST_CALLS, NotAsked, Watch
from tests.flows import ad_truth, truth
from tests.path.scene import FIRST, SOURCES as LOADED, YESTERDAY, Scene, the_world
from tests.support.stage import Stage

UNTOLD = {("qtickets_filter", "neither"): "qtickets_date_format", ("direct_version", "v5"): "direct_combinatorial"}
"""A question that cannot be answered where another has this answer."""
ASKED = {
    question.id: list(variants.VARIANTS[api][question.id])
    for interview in INTERVIEWS.values()
    for question in interview.questions
    for api in ("qtickets", "vk", "direct")
    if question.id in variants.VARIANTS[api]
}
"""The answers of each question that a load can live with; those of the legacy API are apart."""


def apis(stage: Stage) -> Mapping[str, Any]:
    return {"qtickets": stage.qtickets, "vk": stage.vk, "legacy": stage.legacy, "direct": stage.direct}


def as_usual(stage: Stage) -> None:
    stage.qtickets.switches, stage.vk.switches = Switches(), VkSwitches()
    quick = stage.direct.switches
    stage.direct.switches = DirectSwitches(
        reports_in_ten_seconds=quick.reports_in_ten_seconds, daily_points=quick.daily_points, retry_in=quick.retry_in
    )
    stage.direct.currency = "RUB"


@pytest.fixture
def given_file(scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What `--env` names: the settings of all accounts."""
    settings = scene.product.settings
    made = scene.stage.environment(settings.clickhouse_dsn.get_secret_value(), settings.clickhouse_database, tmp_path)
    del made["VK_PAGE_SIZE"]
    file = tmp_path / "of-all"
    file.write_text("# mine\n" + "".join(f"{name}={value}\n" for name, value in made.items()))
    file.chmod(0o600)
    monkeypatch.setenv("ZAKAZ_ENV", str(file))
    monkeypatch.setenv("ZAKAZ_IGNORE_SECRETS", "1")
    monkeypatch.delenv("LANDING_URL", raising=False)
    monkeypatch.setattr(probing, "FOLDER", tmp_path / "probe")
    return file


def probed(apply: bool = False) -> Path:
    """The file of shapes."""
    before = set(probing.FOLDER.glob("*"))
    assert probing.run_probe("all", None, apply) == 0
    (file,) = set(probing.FOLDER.glob("*")) - before
    return file


def warned(account: Account) -> bool:
    try:
        smoke._answers(account)
    except smoke._Warning as warning:
        return "contradict" in str(warning)
    return False


@pytest.mark.parametrize("turn", range(max(map(len, ASKED.values()))))
def test_each_answer_is_told_and_obeyed_and_a_load_is_exact_then(
    turn: int, scene: Scene, given_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One answer of each question at a time. The file of the probe makes the sandbox behave so again."""
    chosen = {question: answers[turn % len(answers)] for question, answers in ASKED.items()}
    untold = {UNTOLD[pair] for pair in chosen.items() if pair in UNTOLD}
    as_usual(scene.stage)
    assert variants.behave(apis(scene.stage), chosen) == []
    before = load_settings()
    scene.product.settings = before
    scene.loaded("qtickets")

    probed(apply=True)
    after = load_settings()
    assert given_file.read_text().startswith("# mine\n")
    assert given_file.stat().st_mode & 0o777 == 0o600
    file = probed()
    told = variants.answers_in(str(file))
    if chosen["vk_host"] == "moved":
        told["vk_host"] = "moved"
        assert after.vk_base_url == before.vk_base_url.replace("127.0.0.1", "localhost")
    assert told == {question: answer for question, answer in chosen.items() if question not in untold}
    for name in LOADED:
        account = Account(SOURCES[name], "main", after)
        assert not warned(account)
        changed = any(getattr(before, name) != getattr(after, name) for name in type(after).model_fields
                      if name.startswith(f"{account.source.word}_"))  # fmt: skip
        assert warned(replace(account, settings=before)) == changed

    scene.product.settings = after
    outcomes = {name: scene.load(name) for name in LOADED}
    assert {outcome.status for outcome in outcomes.values()} == {"success"}, outcomes
    assert scene.sales() == truth.sales(the_world())
    assert scene.product.held("tickets") == truth.tickets(the_world())
    if chosen["direct_vat"] == "nothing":
        monkeypatch.setattr(ad_truth, "with_vat", lambda net, _day: net)
    for source in ("vk_ads", "direct"):
        assert scene.product.held(source) == ad_truth.facts(the_world(), source, FIRST, YESTERDAY)

    as_usual(scene.stage)
    variants.behave(apis(scene.stage), variants.answers_in(str(file)))
    assert variants.answers_in(str(probed())) == variants.answers_in(str(file))


def test_settings_follow_from_answers() -> None:
    """Each that the file can write, by hand."""
    found = {
        (question.id, answer): (verdict.setting, verdict.fits[:1])
        for interview in INTERVIEWS.values()
        for question in interview.questions
        for answer, verdict in question.answers.items()
        if verdict.setting
    }
    assert found[("qtickets_filter", "query")] == ("QTICKETS_FILTER", ("query",))
    assert found[("qtickets_date_format", "sql")] == ("QTICKETS_DATE_FORMAT", ("sql",))
    assert found[("qtickets_select", "lost")] == ("QTICKETS_SELECT", ("false",))
    assert found[("vk_page_size", "refused")] == ("VK_PAGE_SIZE", ("50",))
    assert found[("vk_host", "moved")] == ("VK_BASE_URL", ())
    assert found[("direct_version", "v5")] == ("DIRECT_VERSION", ("v5",))
    assert found[("direct_combinatorial", "bare")] == ("DIRECT_VERSION", ("v501",))
