"""The tests' ClickHouse server does what tests rely on: a real server's semantics, and no trace left."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import clickhouse_connect
import pytest
from clickhouse_connect.driver.exceptions import DatabaseError

from tests.support.clickhouse_library import DSN_VARIABLE, ClickHouseUnavailableError, is_supported
from tests.support.clickhouse_server import ClickHouseServer, PortTakenError, answer, clickhouse_server
from tests.support.clickhouse_users import READER, User

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not is_supported(), reason="the tests' own server needs Linux x86_64 with glibc"),
]

ROOT = Path(__file__).parents[2]
WRITER = User("writer", password="p@ss:w/rd", grants=("GRANT SELECT, INSERT ON shop.*",))

# Inserts, waits until it sees the other's row, inserts again: ends only if both were connected at once.
INSERT_BESIDE_ANOTHER = """
import sys, time, clickhouse_connect
dsn, mine, other = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
with clickhouse_connect.get_client(dsn=dsn) as client:
    client.insert("crowd.visits", [[mine, 0]], column_names=["who", "n"])
    for _ in range(300):
        if client.command("SELECT count() FROM crowd.visits WHERE who = {who:UInt8}", {"who": other}):
            break
        time.sleep(0.1)
    else:
        sys.exit("the other process never appeared")
    client.insert("crowd.visits", [[mine, n] for n in range(1, 1000)], column_names=["who", "n"])
"""

START_AND_WAIT = """
import sys, time
from pathlib import Path
from tests.support.clickhouse_server import ClickHouseServer
server = ClickHouseServer(Path(sys.argv[1]))
server.start()
print(server.port, flush=True)
time.sleep(600)
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseServer]:
    with clickhouse_server(tmp_path_factory.mktemp("server"), users=[READER, WRITER]) as running:
        with clickhouse_connect.get_client(dsn=running.dsn) as client:
            client.command("CREATE DATABASE shop")
            client.command("CREATE TABLE shop.sales (id UInt32, price UInt32) ENGINE = MergeTree ORDER BY id")
        yield running


def test_it_answers_a_ping(server: ClickHouseServer) -> None:
    assert answer(server.port, "/ping") == "Ok."


def test_two_processes_insert_at_once(server: ClickHouseServer) -> None:
    with clickhouse_connect.get_client(dsn=server.dsn) as client:
        client.command("CREATE DATABASE crowd")
        client.command("CREATE TABLE crowd.visits (who UInt8, n UInt32) ENGINE = MergeTree ORDER BY (who, n)")
        pairs = [("1", "2"), ("2", "1")]
        writers = [
            subprocess.Popen([sys.executable, "-c", INSERT_BESIDE_ANOTHER, server.dsn, *pair]) for pair in pairs
        ]
        assert [writer.wait(60) for writer in writers] == [0, 0]

        result = client.query("SELECT who, count(), uniqExact(n) FROM crowd.visits GROUP BY who ORDER BY who")
    assert result.result_rows == [(1, 1000, 1000), (2, 1000, 1000)]


def test_final_shows_the_newest_version_of_a_row(server: ClickHouseServer) -> None:
    with clickhouse_connect.get_client(dsn=server.dsn) as client:
        client.command("CREATE DATABASE versions")
        client.command(
            "CREATE TABLE versions.t (id UInt32, price Decimal(18, 2), _ver UInt64) "
            "ENGINE = ReplacingMergeTree(_ver) ORDER BY id"
        )
        client.command("SYSTEM STOP MERGES versions.t")
        client.command("INSERT INTO versions.t VALUES (1, 10.50, 2), (2, 5, 1)")
        client.command("INSERT INTO versions.t VALUES (1, 99, 1), (2, 7.25, 2)")

        assert client.command("SELECT count() FROM versions.t") == 4
        result = client.query("SELECT id, toString(price) FROM versions.t FINAL ORDER BY id")
    assert result.result_rows == [(1, "10.5"), (2, "7.25")]


def test_a_user_with_a_password_has_the_rights_declared(server: ClickHouseServer) -> None:
    with clickhouse_connect.get_client(dsn=server.dsn_of(WRITER)) as client:
        client.insert("shop.sales", [[1, 500]], column_names=["id", "price"])

        assert client.command("SELECT price FROM shop.sales WHERE id = 1") == 500
        with pytest.raises(DatabaseError, match="code: 497"):
            client.command("CREATE TABLE shop.other (id UInt32) ENGINE = Memory")


def test_a_wrong_password_is_refused(server: ClickHouseServer) -> None:
    with pytest.raises(DatabaseError, match="code: 516"):
        clickhouse_connect.get_client(dsn=server.dsn_of(User("writer", password="guess")))


def test_a_reader_reads_and_cannot_insert(server: ClickHouseServer) -> None:
    with clickhouse_connect.get_client(dsn=server.dsn_of(READER)) as client:
        assert client.command("SELECT count() FROM shop.sales WHERE id > 1000") == 0
        with pytest.raises(DatabaseError, match="code: 164"):
            client.insert("shop.sales", [[2, 500]], column_names=["id", "price"])


def test_a_restart_keeps_data_and_dsn(tmp_path: Path) -> None:
    with clickhouse_server(tmp_path) as server:
        before = server.dsn
        with clickhouse_connect.get_client(dsn=before) as client:
            client.command("CREATE DATABASE kept")
            client.command("CREATE TABLE kept.t (id UInt32) ENGINE = MergeTree ORDER BY id")
            client.command("INSERT INTO kept.t VALUES (7)")

        server.restart()

        assert server.dsn == before
        with clickhouse_connect.get_client(dsn=before) as client:
            assert client.command("SELECT id FROM kept.t") == 7


def test_after_stop_nobody_answers_and_a_second_stop_is_harmless(tmp_path: Path) -> None:
    with clickhouse_server(tmp_path) as server:
        server.stop()

        assert answer(server.port, "/ping") is None


def test_it_dies_with_the_tests_that_were_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", START_AND_WAIT, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as tests:
        assert tests.stdout is not None
        port = int(tests.stdout.readline())
        assert answer(port, "/ping") == "Ok."
        tests.send_signal(signal.SIGKILL)

    deadline = time.monotonic() + 10
    while answer(port, "/ping") is not None:
        assert time.monotonic() < deadline, "the server outlived its tests"
        time.sleep(0.05)


def test_a_failed_start_says_what_the_server_said(tmp_path: Path) -> None:
    same_folder = ClickHouseServer(tmp_path)
    with (
        clickhouse_server(tmp_path),
        pytest.raises(ClickHouseUnavailableError, match="Another server instance in same directory"),
    ):
        same_folder.start()


def test_a_port_that_was_taken_is_named_as_such(server: ClickHouseServer, tmp_path: Path) -> None:
    late = ClickHouseServer(tmp_path)
    late.port = server.port

    with pytest.raises(PortTakenError, match="Address already in use"):
        late.start()


def test_the_database_of_a_test_is_new_and_its_server_usable(clickhouse_dsn: str, clickhouse_database: str) -> None:
    with clickhouse_connect.get_client(dsn=clickhouse_dsn) as client:
        assert clickhouse_database not in client.query("SHOW DATABASES").result_columns[0]
        client.command(f"CREATE DATABASE {clickhouse_database}")
        client.command(f"CREATE TABLE {clickhouse_database}.t (id UInt32) ENGINE = MergeTree ORDER BY id")


def test_a_server_named_in_the_environment_is_used(server: ClickHouseServer, tmp_path: Path) -> None:
    check = tmp_path / "test_dsn.py"
    check.write_text(f"def test_dsn(clickhouse_dsn):\n    assert clickhouse_dsn == {server.dsn!r}\n")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "tests.support.fixtures",
        f"--rootdir={tmp_path}",
        str(check),
    ]

    environment = {**os.environ, DSN_VARIABLE: server.dsn}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    assert "1 passed" in done.stdout, done.stdout + done.stderr
