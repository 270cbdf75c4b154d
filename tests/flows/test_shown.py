"""What buyers and servers wrote, in the places that show it: a chat, Prefect's pages, logs, a real terminal."""

from __future__ import annotations

import fcntl
import logging
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import polars as pl
import pytest
import yaml
from flows.alerts import Trouble
from prefect.blocks.notifications import SlackWebhook
from prefect.server.utilities.user_templates import render_user_template_sync
from pydantic import SecretStr
from rich.console import Console

import flows
from cli import terminal
from flows import quality
from flows.qtickets import SOURCE
from flows.smoke import Probe
from tasks import ingest
from tasks.alerts.alert import LONGEST, first
from tasks.errors import SourceError
from tasks.ingest import Report
from tasks.load.migrate import migrated
from tasks.load.quarantine import quarantine
from tasks.load.runs import Run, begin, end
from tasks.logs import show_traceback
from tasks.quality.checks import Check, Result
from tasks.settings import Settings
from tasks.window import Window
from tests.tasks.test_harmless import LINKED, UNSEEN, markdown, structure

ATTACK = (
    "spring](http://evil.com) <!channel> @here evil.com | <b>x</b> `a` *b* [red]c[/] {{token}} "
    "\x1b[31m\x1b]8;;http://evil.com\x07d\x1b]8;;\x07\r\x08\x9b2J\u202e\u200b\nZakaz: all is well"
)
NOW = datetime(2025, 11, 20, 7, tzinfo=UTC)
ADDRESS = "https://prefect.example.ru/runs/flow-run/1"
ROOT = Path(flows.__file__).parents[1]
CHECK = Check("utm", "All spellings are known", "Revenue is nobody's", "fail", ("qtickets",), {}, None, "")


def broken(message: str) -> Result:
    return Result(CHECK, "broken", 1, message, [{"what": message}])


def test_a_message_has_no_link_but_the_runs_and_mentions_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    troubles: list[Trouble] = []
    monkeypatch.setattr("flows.alerts.tell", lambda _settings, trouble: troubles.append(trouble))
    monkeypatch.setattr("flows.alerts.load_settings", lambda: None)
    monkeypatch.setattr("flows.alerts.address_of", lambda _run: ADDRESS)
    run = SimpleNamespace(parent_task_run_id=None, id=uuid4(), flow_id=uuid4(), name=ATTACK, tags=[])
    state: Any = SimpleNamespace(
        name="Failed", message="", result=lambda raise_on_failure: SourceError(ATTACK * 900)
    )
    quality.alerts.run_failed(SimpleNamespace(name="qtickets"), run, state)  # type: ignore[arg-type]

    alert = first(troubles[0], NOW)
    body, _, last = alert.body.rpartition("\n")
    assert last == ADDRESS
    assert len(body.split("\n")) == 2, "the text and the run's name, a line each"
    assert not any(LINKED.search(line) or UNSEEN.search(line) for line in f"{alert.title}\n{body}".split("\n"))
    assert len(f"Zakaz: {alert.title}\n{alert.body}".encode("utf-16-le")) / 2 <= LONGEST


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")
@pytest.mark.parametrize("status", [200, 500])
def test_slack_gets_no_mention_and_no_link_and_its_refusal_is_noted(
    monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    """Its block turns Markdown into Slack's own, mentions included, and raises for nothing unless it is told to."""
    sent: list[str] = []

    def request(_method: str, _url: str, data: str, **_more: Any) -> SimpleNamespace:
        sent.append(data)
        return SimpleNamespace(status_code=status, content=b"ok", text="ok")

    monkeypatch.setattr("apprise.plugins.slack.requests.request", request)
    block = SlackWebhook(
        url=SecretStr("https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ")
    )
    alert = first(Trouble("k", f"failed {ATTACK}", "e", f"{ATTACK} <#C1> !channel> @U1JJ3T3L2>"), NOW)
    monkeypatch.setattr("flows.alerts.channel", lambda _name: block)

    delivered = quality.alerts._send("slack-webhook/zakaz", alert)["delivered"]
    (text,) = sent
    assert delivered == (status == 200)
    assert "spring" in text
    assert not re.search(r"<|https?://evil|@", text)


def test_the_servers_own_messages_hold_no_link_and_mention_of_a_state(monkeypatch: pytest.MonkeyPatch) -> None:
    told = yaml.safe_load((ROOT / "automations.yaml").read_text("utf-8"))["definitions"]["tell"]["body"]
    run = SimpleNamespace(name="qtickets 2 days", state=SimpleNamespace(message=ATTACK * 900))
    template = told.replace("flow_run | ui_url", "address")
    text = render_user_template_sync(template, {"flow_run": run, "address": ADDRESS})

    assert "spring" in text
    assert text.count("://") == 1
    assert not re.search("[@<>]", text)
    assert len(text) < 1_400


@pytest.fixture
def artifacts(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    made: dict[str, Any] = {}

    def keep(data: Any, key: str, description: str) -> None:
        made[key] = data
        made[f"{key}: description"] = description

    for name in ("flows.quality.create_markdown_artifact", "flows.quality.create_table_artifact"):
        monkeypatch.setattr(name, keep)
    monkeypatch.setattr("tasks.ingest.create_markdown_artifact", keep)
    return made


def report(text: str) -> Report:
    made = Report("qtickets", "tickets", Window(first=NOW.date(), last=NOW.date()), "sandbox", "a", NOW)
    made.warnings.append(text)
    made.notes.append(text)
    return made


def publish(artifacts: dict[str, Any], text: str) -> dict[str, Any]:
    quality._publish([broken(text), Result(CHECK, "unjudged", 0, text, [], hindered=True)])
    ingest._publish(SOURCE, report(text))
    return artifacts.copy()


def test_an_artifact_is_built_as_with_plain_words(artifacts: dict[str, Any]) -> None:
    plain, attacked = publish(artifacts, "word"), publish(artifacts, ATTACK)

    cells = [str(cell) for row in attacked.pop("quality-checks") for cell in row.values()]
    assert not any(LINKED.search(cell) or UNSEEN.search(cell) for cell in cells)
    for key, text in attacked.items():
        assert structure(text) == structure(plain[key]), key
        assert not UNSEEN.search(text.replace("\n", ""))
        assert "evil․com" in markdown().render(text)


def test_a_state_says_it_in_one_printable_line(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not UNSEEN.search(str(SourceError(ATTACK)).replace("\n", ""))
    monkeypatch.setattr("flows.running.load_settings", lambda: None)
    monkeypatch.setattr("flows.running.ingest", lambda *_given: report(ATTACK))
    monkeypatch.setattr("flows.running._is_superseded", lambda *_given: False)
    from flows.running import run_source

    message = run_source(SOURCE, 1, None, None, refresh=False).message or ""
    assert "spring" in message
    assert not UNSEEN.search(message)


def test_a_log_line_and_its_traceback_are_harmless(capsys: pytest.CaptureFixture[str]) -> None:
    """As Prefect's worker shows them: of any logger, with any formatter."""
    logger, handler = logging.getLogger("prefect.some"), logging.StreamHandler(sys.stderr)
    logger.addHandler(handler)
    try:
        raise ValueError(ATTACK)
    except ValueError as error:
        logger.exception("It said %s", ATTACK)
        show_traceback(ValueError, error, error.__traceback__)
    finally:
        logger.removeHandler(handler)

    shown = capsys.readouterr().err
    assert shown.count("spring](http://evil.com)") == 3
    assert not UNSEEN.search(shown.replace("\n", ""))
    assert "\n  Zakaz: all is well" in shown, "a second line stands apart"


def test_tables_and_results_show_markup_of_rich_as_text(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminal, "out", Console(width=400, force_terminal=True, color_system=None))
    attack = f"[link=http://evil.com]x[/link] {ATTACK}"
    terminal.print_frame(pl.DataFrame({"message": [attack]}), False, {"message": "what"}, "")
    terminal.print_checks([broken(attack)], attack)
    terminal.print_probes([Probe("p", "failure", 0.1, attack, attack)], attack)
    terminal.say(attack)
    terminal.complain(attack)

    shown = capsys.readouterr()
    text = re.sub(r"\x1b\[[0-9;]*m", "", shown.out) + shown.err
    assert text.count("[link=http://evil.com]x[/link]") == 8
    assert not UNSEEN.search(text.replace("\n", ""))


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of a warehouse in whose every text something hostile stands."""
    home = tmp_path_factory.mktemp("shown")
    settings = Settings(_env_file=None, clickhouse_dsn=f"chdb://{home / 'warehouse'}")
    run = Run("qtickets_loader", "1", datetime.now(UTC))
    text = dict.fromkeys(("record_key", "reason", "column", "value", "record"), ATTACK)
    with migrated(settings) as client:
        begin(client, run, ATTACK)
        end(client, run, "failed", 0, ATTACK, {})
        quarantine(client, "qtickets", "orders", pl.DataFrame([text]), pl.Series([], dtype=pl.String), "1", 1)
    yield {
        **os.environ,
        "CLICKHOUSE_DSN": f"chdb://{home / 'warehouse'}",
        "ZAKAZ_HOME": str(home),
        "TERM": "xterm-256color",
        "PYTHONPATH": str(ROOT),
    }


def on_a_terminal(env: dict[str, str], *arguments: str) -> str:
    """What arrives at a real terminal of 200 columns, from stdout and stderr."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
    command = [sys.executable, "-m", "cli.main", *arguments]
    with subprocess.Popen(command, env=env, stdin=its, stdout=its, stderr=its, close_fds=True):
        os.close(its)
        came = b""
        try:
            while part := os.read(ours, 65536):
                came += part
        except OSError:  # as Linux says that the other end is closed
            pass
    os.close(ours)
    return came.decode()


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        ("runs",),
        ("quarantine", "list"),
        ("quarantine", "list", "--json"),
        ("sql", "SELECT value, reason FROM meta_quarantine"),
        ("sql", f"SELECT throwIf(1, '{ATTACK}')"),
    ],
    ids=lambda arguments: " ".join(arguments)[:40],
)
def test_a_real_terminal_gets_no_escape_but_colours(attacked: dict[str, str], arguments: tuple[str, ...]) -> None:
    shown = on_a_terminal(attacked, *arguments)

    assert "spring" in shown
    text = re.sub(r"\x1b\[[0-9;]*m", "", shown.replace("\r\n", "\n"))
    assert not UNSEEN.search(text.replace("\n", ""))
    assert "\x1b[31md" not in shown, "nor one that came with the text"
