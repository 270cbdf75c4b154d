"""The way into the warehouse: one process at a time, no password in the clear, each trouble in one line; and a clock far away
moves no day. `zakaz access` sends what `sql/access` says, with hashes in place of passwords, and refuses poor ones."""

import base64
import json
import os
import re
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import pytest
from clickhouse_connect.driver.client import Client

from tasks.errors import SettingsError, ZakazError
from tasks.load import access
from tasks.load.access import grant_access, password_hash, places, statements
from tasks.load.migrate import migrate
from tasks.load.sql import sql_files
from tasks.load.warehouse import warehouse
from tasks.settings import Settings
from tests.support.clickhouse_server import clickhouse_server
from tests.support.clickhouse_users import READER, User
from tests.support.shipped_access import PASSWORDS, SETTINGS, account, rendered
from tests.tasks.fetch.applications import Serve
from tests.tasks.load.engines import values
from tests.tasks.load.tickets import ids, load, ticket

ROOT = Path(__file__).parents[3]
SECONDS = 600
"""A process of a test that takes longer hangs."""


def start(folder: Path, script: str, settings: Settings, *arguments: str, name: str = "zakaz") -> Any:
    """Run the script as a program of that name. Standard input, output and errors are pipes."""
    program = folder / name
    # Not written anew under one that was started a moment ago and has yet to read it.
    if not program.exists() or program.read_text() != script:
        program.write_text(script)
    environment = os.environ | {
        "PYTHONPATH": str(ROOT), "CLICKHOUSE_DSN": settings.clickhouse_dsn.get_secret_value(),
        "CLICKHOUSE_DATABASE": settings.clickhouse_database, "CLICKHOUSE_LOCK_WAIT": str(settings.clickhouse_lock_wait),
    }  # fmt: skip
    pipe, command = subprocess.PIPE, [sys.executable, str(program), *arguments]
    return subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True, cwd=folder)


def finish(process: subprocess.Popen[str]) -> str:
    """What it printed; fails the test if it failed."""
    out, err = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, out + err
    return out


SECRET = "p@ss:w/rd?#гриф"
WRITER = User("writer", SECRET)
# Prints how many tickets are there.
QUERY = """
from tasks.load.warehouse import warehouse
from tasks.settings import load_settings
with warehouse(load_settings()) as client:
    print(client.command("SELECT count() FROM stg_qtickets_tickets"))
"""
# Uses the warehouse until its standard input ends.
HOLD = """
import sys
from tasks.load.warehouse import warehouse
from tasks.settings import load_settings
with warehouse(load_settings()) as client:
    print(client.command("SELECT 1"), flush=True)
    sys.stdin.read()
"""
Make = Callable[..., Settings]


def complaint(settings: Settings) -> ZakazError:
    with pytest.raises(ZakazError) as caught, warehouse(settings) as client:
        migrate(client)
    assert "\n" not in str(caught.value)
    for secret in (SECRET, "p@ss", "w/rd", "p%40ss", READER.password, "hidden"):
        assert secret not in "".join(traceback.format_exception(caught.value))
    return caught.value


@contextmanager
def holding(folder: Path, settings: Settings, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Another process, `zakaz` with these arguments, that is in the warehouse."""
    process = start(folder, HOLD, settings, *arguments)
    try:
        assert process.stdout and process.stdout.readline() == "1\n", process.communicate()
        yield process
    finally:
        process.kill()
        process.communicate(timeout=SECONDS)


@pytest.mark.slow
def test_one_process_at_a_time_is_in_the_embedded_warehouse_and_the_next_waits(
    make_settings: Make, tmp_path: Path
) -> None:
    """And is told who holds it, but for the text of a statement, which is nobody else's business."""
    settings = make_settings(clickhouse_lock_wait=SECONDS)
    none = settings.model_copy(update={"clickhouse_lock_wait": 0})
    with warehouse(settings) as client:
        migrate(client)
        asking = start(tmp_path, QUERY, settings, name="ask")
        # Within this process steps may nest; a step that fails leaves the lock to the run.
        with warehouse(settings) as inner:
            load(inner, [ticket(1), ticket(2)], version=1)
        with pytest.raises(KeyError), warehouse(settings):
            raise KeyError
        assert asking.stderr and "waiting" in asking.stderr.readline()
        assert asking.poll() is None
    assert finish(asking) == "2\n"
    with holding(tmp_path, settings, "load", "dead") as dead:
        dead.send_signal(signal.SIGKILL)
        dead.wait(SECONDS)
        with warehouse(settings) as client:
            assert ids(client) == [1, 2]
    with holding(tmp_path, settings, "sql", "CREATE USER u\nIDENTIFIED BY 'hidden'") as living:
        assert f"process {living.pid} (zakaz sql), since " in str(complaint(none)), "and not the dead one"
        assert not any(b"hidden" in path.read_bytes() for path in tmp_path.glob("warehouse*") if path.is_file())


def test_an_address_that_is_none_is_a_matter_of_settings(make_settings: Make) -> None:
    addresses = ("hidden@host:8123", "http://user:hidden/rest@host:8123", "http://user:hidden#rest@host:8123")
    for dsn in (*addresses, "http://user:pass@host:hidden", "http://user:hidden@127.0.0.1:1/elsewhere"):
        error = complaint(make_settings(clickhouse_dsn=dsn))
        assert isinstance(error, SettingsError) and str(error).startswith("CLICKHOUSE_DSN "), dsn


def test_with_tls_only_a_handshake_is_heard(make_settings: Make, serve_raw: Serve) -> None:
    """Without it the listener hears the password, so it does hear."""
    forms = {"https://{}": True, "clickhouse://{}/?secure=true": True, "http://{}": False}
    for form, is_encrypted in forms.items():
        heard: list[bytes] = []
        port = serve_raw(lambda connection, heard=heard: heard.append(connection.recv(65536)))
        error = complaint(make_settings(clickhouse_dsn=form.format(f"user:hidden@127.0.0.1:{port}")))
        assert str(error).startswith(f"The warehouse 127.0.0.1:{port} cannot be reached")
        assert heard and all(first.startswith(b"\x16\x03") for first in heard) == is_encrypted
        assert (base64.b64encode(b"user:hidden") in b"".join(heard)) != is_encrypted


@pytest.mark.slow
def test_a_user_gets_in_by_the_address_and_a_refusal_is_in_plain_words(make_settings: Make, tmp_path: Path) -> None:
    with clickhouse_server(tmp_path, [READER, WRITER]) as server:
        with warehouse(make_settings(clickhouse_dsn=f"{server.dsn_of(WRITER)}/zakaz")) as client:
            assert values(client, "SELECT currentUser(), currentDatabase()") == [("writer", "zakaz")]
        refused = complaint(make_settings(clickhouse_dsn=server.dsn_of(User("writer", "hidden"))))
        assert "refused the user or password in CLICKHOUSE_DSN" in str(refused)
        refused = complaint(make_settings(clickhouse_dsn=server.dsn_of(READER)))
        assert "The warehouse is read-only for this user (127.0.0.1:" in str(refused)


FAR = "Asia/Kamchatka"
# Loads both ends of the Moscow day 10 March and its neighbours, then empties that day; prints what was where.
FAR_LOAD = """
import json
from tasks.load.migrate import migrate
from tasks.load.warehouse import warehouse
from tasks.settings import load_settings
from tests.tasks.load.engines import values
from tests.tasks.load.test_mart import restate
from tests.tasks.load.tickets import load, march, ticket
paid = ["2026-03-09T20:59:59.999", "2026-03-09T21:00", "2026-03-10T20:59:59.999", "2026-03-10T21:00"]
with warehouse(load_settings()) as client:
    migrate(client)
    load(client, [ticket(n, paid=text) for n, text in enumerate(paid, 1)], version=1)
    assert load(client, [ticket(n, paid=text) for n, text in enumerate(paid, 1)], version=2).written == 0
    stored = values(client, "SELECT toString(paid_at) FROM stg_qtickets_tickets FINAL ORDER BY ticket_id")
    restate(client, 1)
    sold = values(client, "SELECT event_date, tickets_sold FROM v_sales_latest ORDER BY event_date")
    load(client, [], 3, march(10, 10))
    left = values(client, "SELECT ticket_id FROM stg_qtickets_tickets FINAL ORDER BY ticket_id")
    zone = client.command("SELECT timezone()")
print(json.dumps([zone, stored, sold, left]))
"""


@pytest.mark.slow
def test_a_day_is_a_moscow_day_wherever_the_clocks_are(
    make_settings: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server in the far east, and whoever loads in the far west."""
    monkeypatch.setenv("TZ", FAR)
    with clickhouse_server(tmp_path / "server") as server:
        monkeypatch.setenv("TZ", "America/Los_Angeles")
        said = json.loads(finish(start(tmp_path, FAR_LOAD, make_settings(clickhouse_dsn=server.dsn))))
    paid = ["09 20:59:59.999", "09 21:00:00.000", "10 20:59:59.999", "10 21:00:00.000"]
    sold = [["2026-03-09", 1], ["2026-03-10", 2], ["2026-03-11", 1]]
    assert said == [FAR, [[f"2026-03-{text}"] for text in paid], sold, [[1], [4]]]


GOOD = "Hx7-some-long-one"


class Recorder:
    """In the place of the server's client: keeps the statements."""

    server_settings: ClassVar[dict[str, object]] = {}

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.database = "zakaz"

    def command(self, text: str) -> None:
        self.sent.append(text)


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    recorder = Recorder()

    @contextmanager
    def record(_: Settings) -> Iterator[Recorder]:
        yield recorder

    monkeypatch.setattr(access, "warehouse", record)
    monkeypatch.setattr(access, "_views_without_owner", lambda _: [])
    monkeypatch.setattr(access, "_unheld_limits", lambda _: [])
    return recorder


def server(make_settings: Make, **given: Any) -> Settings:
    return make_settings(clickhouse_dsn="http://127.0.0.1:1", **given)


@pytest.mark.parametrize("cluster", [None, "main"])
def test_the_engine_can_parse_every_statement(make_settings: Make, client: Client, cluster: str | None) -> None:
    """The embedded one has no place for users, so parsing is as far as it goes."""
    hosts = {f"{name}_hosts": "10.0.0.7, 10.1.0.0/16,fd00::/8" for name in ("etl", "datalens", "backup")}
    settings = server(make_settings, clickhouse_cluster=cluster, clickhouse_database="select", **hosts)
    for file in sql_files("access"):
        texts = statements(file, places(settings, account(file.name), GOOD))
        for text in texts:
            assert ("ON CLUSTER `main`" in text) == (cluster is not None)
            assert "{" not in text
            client.query(f"EXPLAIN AST {text}")


def test_a_line_a_user_hosts_only_where_they_are_set_and_no_secret(make_settings: Make, recorder: Recorder) -> None:
    given = SETTINGS | {"backup_password": None, "etl_hosts": "10.0.0.7, 10.1.0.0/16"}
    lines = grant_access(server(make_settings, **given))
    sent = "\n".join(recorder.sent)
    assert not [password for password in PASSWORDS.values() if password in sent or password in str(lines)]
    hosts = [text.splitlines()[-1] for text in recorder.sent if " HOST " in text]
    assert hosts == ["ALTER USER etl_writer HOST IP '10.0.0.7/32', IP '10.1.0.0/16'"]
    assert "GRANT `zakaz_reader` TO datalens_reader" in sent
    assert not re.search(r"(USER|TO) \w*backup_user", sent), "a user without a password is not touched"


def test_the_hash_is_that_of_clickhouse_of_the_password_and_a_salt_of_its_own(make_settings: Make) -> None:
    """The example of ClickHouse's own manual for CREATE USER, whose password is `my_password`."""
    salt = "4FB16307F5E10048196966DD7E6876AE53DE6A1D1F625488482C75F14A5097C7"
    assert password_hash("my_password", salt) == "0c268556c1680bef0640aac1e7187566704208398da31f03d18c74f5c5be5053"
    salts = set()
    for name, password in PASSWORDS.items():
        pairs = re.findall(r"BY '(\w+)' SALT '(\w+)'", " ".join(rendered(server(make_settings), name)))
        assert [password_hash(password, salt) for _, salt in pairs] == [digest for digest, _ in pairs]
        salts |= {salt for _, salt in pairs}
    assert len(salts) == len(PASSWORDS)


def test_a_poor_password_is_refused_before_anything_is_done(make_settings: Make, recorder: Recorder) -> None:
    guessed = dict.fromkeys(("DataLens_Reader-2026", "aaaabbbbaaaabbbb"), "is one that is guessed first")
    for password, why in {
        "Ab3-Ab3-Ab3": "is shorter than 12",
        GOOD: "Two users have the same password",
        **guessed,
    }.items():
        with pytest.raises(SettingsError, match=why) as caught:
            grant_access(server(make_settings, etl_password=GOOD, datalens_password=password))
        assert password not in str(caught.value)
        assert recorder.sent == []
