"""The way into the warehouse: one process at a time, no password in the clear, and each trouble in one line."""

from __future__ import annotations

import base64
import os
import re
import signal
import subprocess
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from clickhouse_connect.driver.client import Client

from tasks.errors import SettingsError, WarehouseError, ZakazError
from tasks.load.address import address
from tasks.load.migrate import migrate
from tasks.load.warehouse import warehouse
from tasks.settings import Settings
from tests.support.clickhouse_server import ClickHouseServer, clickhouse_server
from tests.support.clickhouse_users import READER, User
from tests.tasks.fetch.applications import Serve
from tests.tasks.load.engines import values
from tests.tasks.load.processes import SECONDS, finish, start
from tests.tasks.load.tickets import ids, load, ticket

SECRET = "p@ss:w/rd?#гриф"
WRITER = User("writer", SECRET)
ASKER = User("asker", SECRET, settings={"readonly": 2})
GUEST = User("guest", SECRET, grants=("GRANT SELECT ON elsewhere.*",))
# Prints what is wrong; as somebody who is not root, if asked, since to root nothing is read-only.
COMPLAIN = """
import os, sys
from tasks.errors import WarehouseError
from tasks.load.warehouse import warehouse
from tasks.settings import load_settings
settings = load_settings()
if "nobody" in sys.argv and os.geteuid() == 0:
    os.setuid(65534)
try:
    with warehouse(settings) as client:
        print(client.command("SELECT count() FROM stg_qtickets_tickets"))
except WarehouseError as error:
    print(error)
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


def complaint(settings: Settings, use: Callable[[Client], object] = migrate) -> ZakazError:
    with pytest.raises(ZakazError) as caught, warehouse(settings) as client:
        use(client)
    text = str(caught.value)
    assert "\n" not in text
    assert len(text) < 500
    for secret in (SECRET, "p@ss", "w/rd", "p%40ss", READER.password, "hidden"):
        assert secret not in "".join(traceback.format_exception(caught.value))
    return caught.value


# --- one process at a time uses the embedded warehouse ---


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
def test_a_second_process_waits_and_then_names_the_first_in_one_line(make_settings: Make, tmp_path: Path) -> None:
    """But for the text of a statement, which is nobody else's business."""
    settings = make_settings(clickhouse_lock_wait=0.5)
    begun = time.monotonic()
    with holding(tmp_path, settings, "load", "qtickets", "--days", "7") as holder:
        text = str(complaint(settings))
    assert f"is in use by process {holder.pid} (zakaz load qtickets), since " in text
    assert "Waited 0.5 s" in text
    assert time.monotonic() - begun >= 0.5

    with holding(tmp_path, settings, "sql", "CREATE USER u\nIDENTIFIED BY 'hidden'"):
        assert " (zakaz sql), since " in str(complaint(settings))
        assert not any(b"hidden" in path.read_bytes() for path in tmp_path.glob("warehouse*") if path.is_file())


@pytest.mark.slow
def test_the_lock_is_free_for_the_next_when_the_first_is_done_or_killed(
    make_settings: Make, tmp_path: Path
) -> None:
    settings = make_settings(clickhouse_lock_wait=SECONDS)
    with warehouse(settings) as client:
        migrate(client)
        asking = start(tmp_path, COMPLAIN, settings, name="ask")
        # Within this process steps may nest; a step that fails leaves the lock to the run.
        with warehouse(settings) as inner:
            load(inner, [ticket(1), ticket(2)], version=1)
        with pytest.raises(KeyError), warehouse(settings):
            raise KeyError
        assert ids(client) == [1, 2]
        waiting = f"is in use by process {os.getpid()}"
        none = settings.model_copy(update={"clickhouse_lock_wait": 0})
        assert waiting in finish(start(tmp_path, COMPLAIN, none, name="another"))
        assert asking.poll() is None
    assert finish(asking) == "2\n"

    with holding(tmp_path, settings, "load", "dead") as dead:
        dead.send_signal(signal.SIGKILL)
        dead.wait(SECONDS)
        with warehouse(settings) as client:
            assert ids(client) == [1, 2]
    with holding(tmp_path, settings, "load", "living"):
        assert "zakaz load living" in str(complaint(none)), "and not the dead one"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "what"), [("warehouse", "is read-only. Give"), ("new", "cannot be used: Permission")]
)
def test_a_place_where_the_user_may_not_write(make_settings: Make, tmp_path: Path, name: str, what: str) -> None:
    with tempfile.TemporaryDirectory() as base:
        folder = Path(base) / "locked" / name
        (folder.parent / "warehouse").mkdir(parents=True)
        for path in (folder.parent / "warehouse", folder.parent, Path(base)):
            path.chmod(0o555)
        out = finish(start(tmp_path, COMPLAIN, make_settings(clickhouse_dsn=f"chdb://{folder}"), "nobody"))
        folder.parent.chmod(0o755)

    assert out.startswith(f"The warehouse {folder} {what}")
    assert out.count("\n") == 1


def test_a_place_where_no_folder_can_be(make_settings: Make, tmp_path: Path) -> None:
    text = str(complaint(make_settings(clickhouse_dsn="chdb:///proc/nowhere/warehouse")))
    assert text.startswith("The warehouse /proc/nowhere/warehouse cannot be used: ")
    (tmp_path / "warehouse").write_text("")
    assert "cannot be opened" in str(complaint(make_settings()))


# --- addresses ---


@pytest.mark.parametrize(
    "dsn",
    [
        "hidden@host:8123",
        "postgres://user:hidden@host:8123",
        "http://user:hid/den@host:8123",
        "http://user:hid#den@host:8123",
        "http://user:hid?den@host:8123",
        "http://user:8123/hidden@host",
        "http://user:8123?hidden@host",
        "http://user:pass@host:hidden",
        "http://user:hidden@[::1",
        "http://user:hidden@:8123",
        "http://user:hidden@host:99999",
        "http://user:hidden@127.0.0.1:1/?hidden=1",
        "http://user:hidden@127.0.0.1:1/elsewhere",
        "chdb://",
    ],
)
def test_an_address_that_is_none_is_a_matter_of_settings(make_settings: Make, dsn: str) -> None:
    error = complaint(make_settings(clickhouse_dsn=dsn))

    assert isinstance(error, SettingsError)
    assert str(error).startswith("CLICKHOUSE_DSN ")
    assert not re.search("hid|den", str(error))


@pytest.mark.parametrize(
    ("form", "is_encrypted"),
    [
        ("https://{}", True),
        ("clickhouse://{}/?secure=true", True),
        ("http://{}?secure=1", True),
        ("https://{}/zakaz", True),
        ("http://{}", False),
    ],
)
def test_with_tls_nothing_but_a_handshake_goes_over_the_wire(
    make_settings: Make, serve_raw: Serve, form: str, is_encrypted: bool
) -> None:
    """Without it the listener hears the password, so it does hear."""
    heard: list[bytes] = []
    port = serve_raw(lambda connection: heard.append(connection.recv(65536)))

    error = complaint(make_settings(clickhouse_dsn=form.format(f"user:hidden@127.0.0.1:{port}")))

    assert str(error).startswith(f"The warehouse 127.0.0.1:{port} cannot be reached.")
    assert heard
    assert all(first.startswith(b"\x16\x03") for first in heard) == is_encrypted
    assert (base64.b64encode(b"user:hidden") in b"".join(heard)) != is_encrypted
    place = address("https://somebody:hidden@warehouse.example:8443/zakaz", "zakaz")
    assert (place.place, "hidden" in repr(place)) == ("warehouse.example:8443", False)


def test_an_error_inside_that_is_not_the_warehouses_passes_as_it_is(make_settings: Make) -> None:
    for error in (FileNotFoundError("landing"), ConnectionError("api"), WarehouseError("as it is")):
        with pytest.raises(type(error)) as caught, warehouse(make_settings()):
            raise error
        assert caught.value is error


# --- users of a server ---


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseServer]:
    with clickhouse_server(tmp_path_factory.mktemp("server"), [READER, WRITER, ASKER, GUEST]) as running:
        yield running


@pytest.mark.slow
def test_user_and_password_are_taken_from_the_address(make_settings: Make, server: ClickHouseServer) -> None:
    dsn = server.dsn_of(WRITER)
    for form in (
        dsn,
        f"{dsn}/mine",
        f"{dsn}?connect_timeout=5",
        dsn.replace("http:", "clickhouse:") + "/?secure=false",
    ):
        with warehouse(make_settings(clickhouse_dsn=form, clickhouse_database="mine")) as client:
            assert values(client, "SELECT currentUser(), currentDatabase()") == [("writer", "mine")]


def query_nothing(client: Client) -> object:
    return client.query("SELECT * FROM nothing")


def misspell(client: Client) -> object:
    return client.command("SELEC 1")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("user", "database", "use", "words"),
    [
        (User("writer", "hidden"), "zakaz", migrate, "refused the user or password in CLICKHOUSE_DSN"),
        (READER, "zakaz", migrate, "The warehouse is read-only for this user (127.0.0.1:"),
        (ASKER, "zakaz", migrate, "The warehouse is read-only for this user (127.0.0.1:"),
        (ASKER, "nowhere", migrate, "There is no database nowhere that this user may see"),
        (GUEST, "nowhere", migrate, "There is no database nowhere that this user may see"),
        (WRITER, "bare", query_nothing, "A table is missing. Run `zakaz migrate` (127.0.0.1:"),
        (WRITER, "bare", misspell, "answered: Syntax error"),
    ],
)
def test_a_refusal_of_the_server_is_in_plain_words(
    make_settings: Make,
    server: ClickHouseServer,
    user: User,
    database: str,
    use: Callable[[Client], object],
    words: str,
) -> None:
    with warehouse(make_settings(clickhouse_dsn=server.dsn)) as client:
        migrate(client)

    settings = make_settings(clickhouse_dsn=server.dsn_of(user), clickhouse_database=database)
    assert words in str(complaint(settings, use))
