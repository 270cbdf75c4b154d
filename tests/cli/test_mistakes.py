"""A mistake is one clear line and the right exit status, never a traceback and never a secret; and when commands look at
the demo. In this process, without an engine."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from cli import here, stand_in, terminal
from cli.commands import app
from cli.main import _run
from tasks import settings
from tasks.settings import Settings
from tests.cli.conftest import complaints

SECRET = "s3cret-4711"
Answer = Callable[..., tuple[int, str]]
LOAD = ("load", "qtickets", "--days", "3")
ACCEPT = ("quality", "accept", "--why", "a tour")


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Answer:
    monkeypatch.setattr(terminal, "show_progress", lambda verbose: None)
    monkeypatch.setenv("CLICKHOUSE_DSN", f"chdb://{tmp_path}/warehouse")
    monkeypatch.setattr(settings, "HOME", tmp_path)
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / ".env.vk.spb").write_text("VK_ACCOUNT_ID=1")

    def give(*arguments: str) -> tuple[int, str]:
        """The exit status and the one line; nothing on stdout."""
        status = _run(list(arguments))
        told = capsys.readouterr()
        assert told.out == ""
        assert "Traceback" not in told.err and SECRET not in told.err
        (line,) = complaints(told.err)
        return status, line

    return give


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("load", "qtickets", "--from", "2026-02-30"), "2026-02-30 is not a date"),
        (("load", "qtickets", "--from", "30.02.2026"), "30.02.2026 is not a date"),
        (("load", "qtickets", "--days", "3", "--from", "2026-01-01"), "either --days or --from"),
        (("load", "afisha"), "There is no source afisha. Sources"),
        (("load", "vk"), "There is no source vk; did you mean vk_ads?"),
        (("load", "qtickets", "--day", "3"), "no option --day; did you mean --days? Try `zakaz load --help`."),
        (("load", "vk_ads", "--days", "abc"), "abc is no number. Write it like --days 7. Try `zakaz load --help`."),
        (("report", "--days", "900"), "--days must be at most 366, not 900."),
        (("report", "--language", "de"), "--language cannot be de. There are ru, en."),
        (("load",), "SOURCE is missing."),
        (("load", "vk_ads", "--account", "msk"), "VK Ads has no account msk. There are main, spb; a file secrets/"),
        (("load", "all", "--account", "msk"), "No source has an account msk. There are main, spb."),
        (("load", "vk_ads", "--account", "spb"), "VK_CLIENT_ID is missing. Put it into secrets/.env.vk.spb"),
        (("sandbox", "--days", "3", "--since", "2026-01-01"), "either --days or --since"),
        (("restore", "fine", "--into", "a b"), "made of Latin letters"),
        (("lode",), "lode"),
        (("deploy",), "PREFECT_API_URL is not set"),
        ((*LOAD, "--env", "nowhere/.env"), "nowhere/.env"),
        (
            (*ACCEPT, "memory_sale", "a", "--until", "2100-01-01"),
            "no check memory_sale. Did you mean memory_sales?",
        ),
        ((*ACCEPT, "foo", "a", "--until", "2100-01-01"), "There is no check foo. `zakaz quality findings` says"),
        ((*ACCEPT, "memory_sales", "a", "--until", "2100-01-01"), "memory_sales has no open finding"),
        ((*ACCEPT, "memory_sales", "a", "--until", "31.01.2020"), "2020-01-31 is past"),
        ((*ACCEPT, "memory_sales", "a", "--until", "soon"), "soon is not a date"),
    ],
)
def test_wrong_usage_is_status_2(
    answer: Answer, monkeypatch: Any, tmp_path: Path, arguments: Any, words: str
) -> None:
    for name in ("QTICKETS_TOKEN", "DIRECT_TOKEN", "VK_TOKEN", "ZAKAZ_ENV"):
        monkeypatch.setenv(name, "x" if "TOKEN" in name else "")
    status, line = answer(*arguments)
    assert (status, words in line) == (2, True), line
    assert arguments[0] != "load" or not (tmp_path / "warehouse").exists(), "a mistake makes no warehouse"


@pytest.mark.parametrize(
    ("name", "value", "status", "words"),
    [
        ("QTICKETS_TOKEN", "", 2, "QTICKETS_TOKEN is missing"),
        ("QTICKETS_RATE", SECRET, 2, "QTICKETS_RATE"),
        ("QTICKETS_BASE_URL", "nonsense", 2, "QTICKETS_BASE_URL in the environment is wrong: it is no address"),
        ("QTICKETS_TOKEN", "two words", 2, "characters that no token has"),
        ("CLICKHOUSE_DSN", f"http://u:{SECRET}@127.0.0.1:9", 1, "cannot be reached"),
    ],
)
def test_a_wrong_setting_is_named(
    answer: Answer, monkeypatch: Any, name: str, value: str, status: int, words: str
) -> None:
    monkeypatch.setenv("QTICKETS_TOKEN", SECRET)
    monkeypatch.setenv(name, value)
    found, line = answer(*LOAD)
    assert (found, words in line) == (status, True), line


def test_an_alert_is_of_an_account_and_no_new_load_resolves_it(
    answer: Answer, monkeypatch: Any, tmp_path: Path
) -> None:
    keys: list[str] = []
    monkeypatch.setattr(here, "is_attended", lambda: False)
    monkeypatch.setattr(here, "fire", lambda _settings, trouble, _channel, **_: keys.append(trouble.key))
    monkeypatch.setattr(here, "resolve", lambda _settings, key, _channel: keys.append(f"resolved {key}"))
    answer("load", "qtickets")
    assert keys == [], "without a channel no warehouse is made to record it in"
    (tmp_path / "warehouse").mkdir()
    answer("load", "vk_ads", "--account", "spb", "--days", "3")
    answer("load", "qtickets")
    answer("load", "direct", "--account", "msk")
    assert keys == ["run vk_ads spb 3 days", "run qtickets", "run accounts of direct"]


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of one's own warehouse, which is not there yet, beside that of a demo."""
    own, demo = tmp_path / "data" / "warehouse", tmp_path / "demo"
    monkeypatch.setattr(os, "environ", os.environ | {"CLICKHOUSE_DSN": f"chdb://{own}"})
    monkeypatch.setattr(Settings.model_fields["clickhouse_dsn"], "default", SecretStr(f"chdb://{own}"))
    monkeypatch.setattr(stand_in, "DEMO_HOME", demo)
    (demo / "warehouse").mkdir(parents=True)
    (demo / stand_in.DEMO_PAGE).parent.mkdir()
    (demo / stand_in.DEMO_PAGE).touch()
    return own


@pytest.mark.parametrize(
    ("left", "shown"),
    [
        (".", True),
        ("data/zakaz", True),
        ("data/zakaz/meta_job_runs/detached", True),
        ("data/other/meta_job_runs/202611_1_10_8", True),
        ("data/zakaz/meta_job_runs/202611_1_10_8", False),
        ("data/zakaz/meta_job_runs/all_1_1_0_7", False),
    ],
)
def test_a_demo_is_shown_until_a_run_is_recorded(own: Path, left: str, shown: bool) -> None:
    (own / left).mkdir(parents=True)
    assert stand_in.show_demo_instead_of_nothing() is shown
    assert (os.environ["CLICKHOUSE_DSN"] == f"chdb://{stand_in.DEMO_HOME / 'warehouse'}") is shown


def test_a_command_of_a_group_looks_where_its_own_file_says(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = own.parent.with_name("other.env")
    file.write_text(f"CLICKHOUSE_DSN=chdb://{own}/other\n")
    del os.environ["CLICKHOUSE_DSN"]
    for words in (["findings", "--env", str(file)], ["--env", str(file), "findings"]):
        app(args=["quality", *words], standalone_mode=False)
        assert f"{own}/other" in capsys.readouterr().err
