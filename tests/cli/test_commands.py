"""Commands: what goes to which stream, exit statuses, nothing started beside, nothing shown but text."""

import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios

import clickhouse_connect
import polars as pl
import pytest
from rich.console import Console

from cli import here, terminal
from tasks.load.migrate import migrated
from tasks.load.quarantine import quarantine
from tasks.logs import show_traceback
from tasks.smoke import Probe
from tests.cli.conftest import PATIENT, Zakaz, complaints, wait_for
from tests.flows import truth
from tests.flows.test_runs import ATTACK
from tests.support.receiver import Receiver
from tests.tasks.test_harmless import UNSEEN

pytestmark = pytest.mark.slow
WATCHED = """
import os, sys
from cli import stopping
class Apart:
    def __del__(self): os.write(2, b"TAKEN APART\\n")
apart, finish = Apart(), stopping.finish
def looked_at():
    sys.stderr.write("PREFECT\\n" if "prefect" in sys.modules else "NO PREFECT\\n")
    finish()
stopping.finish = looked_at
started = ("subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.exec", "os.system")
sys.addaudithook(lambda event, _: sys.stderr.write(f"STARTED {event}\\n") if event in started else None)
from cli.main import main
main()
"""


def test_a_load_without_a_server_prints_a_line_and_starts_nothing(zakaz: Zakaz) -> None:
    process = zakaz.start("-c", WATCHED, "load", "qtickets", *zakaz.days)
    out, err = process.communicate(timeout=600)
    assert process.returncode == 0, err
    assert re.fullmatch(rf"qtickets {zakaz.first}\.\.{zakaz.last}: \d+ ticket lines, \d+ new\n", out)
    # And Python does not take itself apart, under threads that would abort.
    assert err.endswith("NO PREFECT\n")
    assert "STARTED" not in err
    assert zakaz.product.held("sales") == truth.sales(zakaz.world, zakaz.first, zakaz.last)
    (run,) = map(json.loads, zakaz.ok("runs", "--json").splitlines())
    assert (run["job"], run["status"]) == ("qtickets_loader", "success")


def test_each_source_and_account_for_itself_and_the_status_says_how_badly(zakaz: Zakaz) -> None:
    """A missing setting is 2, a failure 1; the others are loaded and named in order."""
    zakaz.add("vk")
    with (zakaz.home / "secrets" / ".env.vk.spb").open("a") as file:
        file.write("VK_RATES=3\n")
    token = zakaz.env.pop("QTICKETS_TOKEN")
    days = rf"{zakaz.first}\.\.{zakaz.last}"

    done = zakaz.run("load", "all", *zakaz.days)
    assert done.returncode == 2
    (line,) = complaints(done.stderr)
    assert line.startswith("zakaz: qtickets: QTICKETS_TOKEN is missing.")
    told = "".join(done.stderr.split()).count("VK_RATESisnosettingandnotread;didyoumeanVK_RATE?")
    assert told == 1, "though settings are read many times"
    told = [line.partition(" 20")[0] for line in done.stdout.splitlines()]
    assert told == ["vk_ads", "vk_ads spb", "direct"]

    zakaz.stage.vk.faults.add("disconnect", "*", times=99, account="spb")
    done = zakaz.run("load", "all", *zakaz.days)
    assert done.returncode == 1
    _, failed = complaints(done.stderr)
    assert re.match(rf"zakaz: vk_ads spb {days}: VK Ads", failed)
    assert re.fullmatch(rf"vk_ads {days}: \d+ ad days, nothing changed\ndirect {days}: .*\n", done.stdout)
    probes = {probe["name"]: probe for probe in map(json.loads, zakaz.run("smoke", "--json").stdout.splitlines())}
    odd = {name for name, probe in probes.items() if name.startswith("vk_ads") and probe["status"] != "ok"}
    assert odd == {"vk_ads spb: API", "vk_ads spb: last run"}
    assert {*probes} >= {"vk_ads: settings", "vk_ads spb: settings"}

    zakaz.stage.vk.faults.clear()
    again = zakaz.ok("load", "vk_ads", "--account", "spb", *zakaz.days)
    assert re.fullmatch(rf"vk_ads spb {days}: \d+ ad days, nothing changed\n", again)
    runs = zakaz.ok("runs").splitlines()
    of_vk = [re.fullmatch(r"(\w+) +[\d :-]+  vk_ads_loader (\w+): .+", line) for line in runs]
    of_main, of_spb = [("main", "success")] * 2, [("spb", "failed"), *[("spb", "success")] * 2]
    assert sorted(one.group(2, 1) for one in of_vk if one) == of_main + of_spb

    # As a module, with the token in a file.
    secret = zakaz.home / "of-qtickets"
    secret.touch(0o600)
    secret.write_text(f"QTICKETS_TOKEN={token}\n")
    done = zakaz.process("--env", secret.name, *zakaz.days, module="flows.qtickets")
    assert (done.returncode, done.stdout.split()[0]) == (0, "qtickets"), done.stderr
    judged = zakaz.run("quality", "--json")
    told = json.loads(judged.stdout)
    assert judged.returncode == (told["status"] == "failed") == 1, "an account could not be loaded"
    assert {check["check"] for check in told["checks"]} >= {"duplicates_direct"}


def test_an_unseen_failure_and_its_end_are_told(
    zakaz: Zakaz, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through ALERT_URL, by cron. On a terminal somebody looks on, and only the end is told."""
    right = zakaz.env["QTICKETS_TOKEN"]
    zakaz.env |= {"ALERT_URL": receiver.url, "QTICKETS_TOKEN": "wrong"}
    load = ("load", "qtickets", *zakaz.days)
    failed = f"qtickets {' '.join(zakaz.days).replace('--', '')} failed"  # Another window is another alert.
    assert "QTICKETS_TOKEN" in on_a_terminal(zakaz.env, *load)
    assert receiver.messages == []
    for _ in range(2):
        assert zakaz.run(*load).returncode == 1
    (told,) = receiver.messages
    title, essence, footer = told.split("\n")
    assert (title, footer) == (f"Zakaz: {failed}", "All runs: zakaz runs")
    assert "QTICKETS_TOKEN" in essence

    zakaz.env["QTICKETS_RATE"] = "fast"
    assert zakaz.run(*load).returncode == 2
    assert "QTICKETS_RATE" in receiver.messages[1], "of the settings only those of alerts must be right"
    assert "fast" not in receiver.messages[1]
    del zakaz.env["QTICKETS_RATE"]

    zakaz.env["QTICKETS_TOKEN"] = right
    monkeypatch.setattr(here, "is_attended", lambda: True)
    zakaz.ok(*load)
    assert [text.split("\n")[0] for text in receiver.messages[2:]] == [f"Zakaz: Resolved: {failed}"]


def test_a_demo_touches_nothing_of_ones_own_and_is_looked_at_until_there_is_something(zakaz: Zakaz) -> None:
    own = zakaz.home / "data" / "warehouse"
    count = ("sql", "SELECT count() FROM stg_qtickets_tickets", "--format", "TSV")
    dsn, *_ = (zakaz.env.pop(name, "") for name in ("CLICKHOUSE_DSN", "LANDING_URL", "BACKUP_URL", "REPORT_URL"))
    zakaz.env["ZAKAZ_LANGUAGE"] = "ru"
    shown = zakaz.process("demo", "--days", "3", "--scale", "0.05")
    assert shown.returncode == 0, shown.stderr
    page = zakaz.home / shown.stdout.split()[-1]
    assert "Попробуйте" in shown.stdout, "in the language of ZAKAZ_LANGUAGE"
    assert page.parent == zakaz.home / "data" / "demo" / "reports"
    assert "</html>" in page.read_text("utf-8")
    assert not own.exists()
    assert str(own) not in shown.stdout
    looked = zakaz.process(*count)
    assert int(looked.stdout) > 0
    assert complaints(looked.stderr) == ["zakaz: это выдуманные цифры показа: своих данных ещё нет."]
    zakaz.env["CLICKHOUSE_DSN"] = dsn
    zakaz.ok("load", "qtickets", *zakaz.days)
    del zakaz.env["CLICKHOUSE_DSN"]
    mine = zakaz.process(*count)
    assert (int(mine.stdout) > 0, complaints(mine.stderr)) == (True, [])


def on_a_terminal(env: dict[str, str], *arguments: str) -> str:
    """What arrives at a real terminal of 200 columns, from stdout and stderr."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
    command = [sys.executable, "-m", "cli.main", *arguments]
    with subprocess.Popen(command, env=env | {"TERM": "xterm"}, stdin=its, stdout=its, stderr=its, close_fds=True):
        os.close(its)
        came = b""
        try:
            while part := os.read(ours, 65536):
                came += part
        except OSError:  # as Linux says that the other end is closed
            pass
    os.close(ours)
    return came.decode()


def test_a_real_terminal_gets_no_escape_but_colours(zakaz: Zakaz) -> None:
    text = dict.fromkeys(("record_key", "reason", "column", "value", "record"), ATTACK)
    with migrated(zakaz.product.settings) as client:
        none = pl.Series([], dtype=pl.String)
        quarantine(client, "qtickets", "main", "orders", pl.DataFrame([text]), lambda: none, "1", 1)
    shown = on_a_terminal(zakaz.env, "quarantine", "list")
    assert "spring" in shown
    assert not UNSEEN.search(re.sub(r"\x1b\[[0-9;]*m", "", shown.replace("\r\n", "\n")).replace("\n", ""))
    assert "\x1b[31md" not in shown, "nor one that came with the text"


def test_tables_results_and_tracebacks_show_text_as_text(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminal, "out", Console(width=400, force_terminal=True, color_system=None))
    attack = f"[link=http://evil.com]x[/link] {ATTACK}"
    terminal.print_frame(pl.DataFrame({"message": [attack]}), False, {"message": "what"}, "")
    terminal.print_probes([Probe("p", "failure", 0.1, attack, attack)], attack)
    terminal.say(attack)
    terminal.complain(attack)
    show_traceback(ValueError, ValueError(attack), None)
    shown = capsys.readouterr()
    text = re.sub(r"\x1b\[[0-9;]*m", "", shown.out) + shown.err
    assert text.count("[link=http://evil.com]x[/link]") == 7
    assert not UNSEEN.search(text.replace("\n", ""))


def test_all_sources_while_they_wait_for_replies(zakaz: Zakaz) -> None:
    """A second signal, of an impatient person, changes nothing."""
    zakaz.env["HTTP_TIMEOUT"] = "300"
    zakaz.add("direct")
    faults = [
        zakaz.stage.faults(api).add("timeout", "*", seconds=300, times=100, account=account)
        for api, account in (("qtickets", "main"), ("vk", "main"), ("direct", "main"), ("direct", "spb"))
    ]
    process = zakaz.start("-c", PATIENT, "load", "all", *zakaz.days)
    wait_for(lambda: all(fault.fired for fault in faults), process)
    zakaz.stop(process, signal.SIGINT, signal.SIGINT)
    how = "stopped by SIGINT"
    jobs = ("direct_loader", "direct_loader spb", "qtickets_loader", "vk_ads_loader")
    assert zakaz.ends() == [(job, "failed", how) for job in jobs]


def test_a_query_ends_at_the_server_too(zakaz: Zakaz, clickhouse_dsn: str) -> None:
    zakaz.env |= {"CLICKHOUSE_DSN": clickhouse_dsn, "CLICKHOUSE_DATABASE": "default"}
    process = zakaz.start("-c", PATIENT, "sql", "SELECT sleep(1) FROM numbers(1000) SETTINGS max_block_size = 1")
    with clickhouse_connect.get_client(dsn=clickhouse_dsn) as client:
        found = "SELECT count() FROM system.processes WHERE query LIKE 'SELECT sleep(1)%'"
        wait_for(lambda: client.command(found), process)
        zakaz.stop(process, signal.SIGINT)
        assert client.command(found) == 0


IN_AN_INSERT = """
import pathlib, sys, time
from unittest.mock import patch
def hang(*_):
    pathlib.Path("reached").touch()
    time.sleep(600)
from cli import stopping
from cli.main import main
stopping.RECORD_SECONDS = 60
with patch("tasks.load.upsert.insert", hang):
    main()
"""


def test_in_the_middle_of_an_insert_with_the_lock_of_the_embedded_warehouse(zakaz: Zakaz) -> None:
    process = zakaz.start("-c", IN_AN_INSERT, "load", "qtickets", *zakaz.days)
    wait_for((zakaz.home / "reached").exists, process)
    zakaz.stop(process, signal.SIGTERM)
    assert zakaz.ends() == [("qtickets_loader", "failed", "stopped by SIGTERM")]
