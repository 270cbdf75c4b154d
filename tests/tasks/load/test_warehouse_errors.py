"""Whatever is wrong with the way into the warehouse is told in one line, which never shows the password."""

from __future__ import annotations

import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from clickhouse_connect.driver.client import Client

from tasks.errors import SettingsError, WarehouseError, ZakazError
from tasks.load.migrate import migrate
from tasks.load.warehouse import warehouse
from tasks.settings import Settings
from tests.support.clickhouse_server import ClickHouseServer, clickhouse_server, free_port
from tests.support.clickhouse_users import READER, User
from tests.tasks.load.engines import values
from tests.tasks.load.processes import SECONDS, finish, start

SECRET = "p@ss:w/rd?#гриф"
WRITER = User("writer", SECRET)
ASKER = User("asker", SECRET, settings={"readonly": 2})
GUEST = User("guest", SECRET, grants=("GRANT SELECT ON elsewhere.*",))

# Prints the complaint; as somebody who is not root, if asked, since to root nothing is read-only.
COMPLAIN = """
import os, sys
from tasks.errors import WarehouseError
from tasks.load.warehouse import warehouse
from tasks.settings import load_settings
settings = load_settings()
if "nobody" in sys.argv and os.geteuid() == 0:
    os.setuid(65534)
try:
    with warehouse(settings):
        pass
except WarehouseError as error:
    print(error)
"""

Make = Callable[..., Settings]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseServer]:
    with clickhouse_server(tmp_path_factory.mktemp("server"), [READER, WRITER, ASKER, GUEST]) as running:
        yield running


def complaint(settings: Settings, use: Callable[[Client], object] = migrate) -> ZakazError:
    with pytest.raises(ZakazError) as caught, warehouse(settings) as client:
        use(client)
    text = str(caught.value)
    assert "\n" not in text
    assert len(text) < 500
    for secret in (SECRET, "p@ss", "w/rd", "p%40ss", READER.password, "hidden"):
        assert secret not in "".join(traceback.format_exception(caught.value))
    return caught.value


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["http", "clickhouse"])
def test_user_and_password_are_taken_from_the_address(
    make_settings: Make, server: ClickHouseServer, scheme: str
) -> None:
    dsn = server.dsn_of(WRITER).replace("http://", f"{scheme}://")
    for address in (dsn, f"{dsn}/", f"{dsn}/mine", f"{dsn}?connect_timeout=5", f"{dsn}/?secure=false"):
        with warehouse(make_settings(clickhouse_dsn=address, clickhouse_database="mine")) as client:
            assert values(client, "SELECT currentUser(), currentDatabase()") == [("writer", "mine")]


@pytest.mark.slow
def test_a_wrong_password(make_settings: Make, server: ClickHouseServer) -> None:
    dsn = server.dsn_of(User("writer", "hidden"))

    assert "refused the user or password in CLICKHOUSE_DSN" in str(complaint(make_settings(clickhouse_dsn=dsn)))


@pytest.mark.slow
def test_a_user_who_may_only_read(make_settings: Make, server: ClickHouseServer) -> None:
    with warehouse(make_settings(clickhouse_dsn=server.dsn)) as client:
        migrate(client)

    for user in (READER, ASKER):
        text = str(complaint(make_settings(clickhouse_dsn=server.dsn_of(user))))
        assert text.startswith("The warehouse is read-only for this user (127.0.0.1:")
    with warehouse(make_settings(clickhouse_dsn=server.dsn_of(ASKER))) as client:
        assert values(client, "SELECT count() FROM stg_qtickets_tickets") == [(0,)]


@pytest.mark.slow
@pytest.mark.parametrize("user", [ASKER, GUEST], ids=lambda user: user.name)
def test_a_database_that_is_missing_and_may_not_be_made(
    make_settings: Make, server: ClickHouseServer, user: User
) -> None:
    settings = make_settings(clickhouse_dsn=server.dsn_of(user), clickhouse_database="nowhere")

    assert str(complaint(settings)).startswith("There is no database nowhere that this user may see")


@pytest.mark.slow
def test_a_missing_table_and_a_wrong_statement(make_settings: Make, server: ClickHouseServer) -> None:
    settings = make_settings(clickhouse_dsn=server.dsn_of(WRITER), clickhouse_database="bare")

    missing = complaint(settings, lambda client: client.query("SELECT * FROM nothing"))
    assert str(missing).startswith("A table is missing. Run `zakaz migrate` (127.0.0.1:")
    wrong = complaint(settings, lambda client: client.command("SELEC 1"))
    assert "answered: Syntax error" in str(wrong)


def test_a_server_that_is_not_there(make_settings: Make) -> None:
    port = free_port()
    settings = make_settings(clickhouse_dsn=f"clickhouse://writer:hidden@127.0.0.1:{port}")

    assert str(complaint(settings)).startswith(f"The warehouse 127.0.0.1:{port} cannot be reached.")


@pytest.mark.slow
def test_nothing_but_our_line_is_printed(make_settings: Make, tmp_path: Path) -> None:
    """The driver would log what it raises, and Python print it for want of a handler."""
    settings = make_settings(clickhouse_dsn=f"http://127.0.0.1:{free_port()}")

    out, err = start(tmp_path, COMPLAIN, settings).communicate(timeout=SECONDS)

    assert (out.count("\n"), err) == (1, "")


@pytest.mark.parametrize(
    "dsn",
    [
        "hidden",
        "hidden@host:8123",
        "postgres://user:hidden@host:8123",
        "http://user:hid/den@host:8123",
        "http://user:hid#den@host:8123",
        "http://user:hid?den@host:8123",
        "http://user:8123/hidden@host",
        "http://user:8123?hidden@host",
        "http://user:8123#hidden@host",
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
    assert "hid" not in str(error)
    assert "den" not in str(error)


def test_a_place_where_no_folder_can_be(make_settings: Make) -> None:
    for place in ("/proc/nowhere/warehouse", "/sys/warehouse"):
        text = str(complaint(make_settings(clickhouse_dsn=f"chdb://{place}")))
        assert text.startswith(f"The warehouse {place} cannot be used: ")


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


def test_a_file_in_the_place_of_the_folder(make_settings: Make, tmp_path: Path) -> None:
    (tmp_path / "warehouse").write_text("")

    assert "cannot be opened" in str(complaint(make_settings()))


def test_what_fails_inside_and_is_no_matter_of_the_warehouse_is_not_blamed_on_it(make_settings: Make) -> None:
    for error in (
        FileNotFoundError("landing"),
        ConnectionError("api"),
        WarehouseError("as it is"),
        ValueError("x"),
    ):
        with pytest.raises(type(error)) as caught, warehouse(make_settings()):
            raise error
        assert caught.value is error
