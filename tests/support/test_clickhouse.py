"""The tests' ClickHouse engine is never other content than expected, and its server keeps data and leaves no trace."""

from __future__ import annotations

import base64
import hashlib
import io
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import clickhouse_connect
import pytest

from tests.support import clickhouse_library as library
from tests.support.clickhouse_server import answer, clickhouse_server

ROOT = Path(__file__).parents[2]
START_AND_WAIT = """
import sys, time
from pathlib import Path
from tests.support.clickhouse_server import ClickHouseServer
server = ClickHouseServer(Path(sys.argv[1]))
server.start()
print(server.port, flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("expected", [True, False], ids=["as expected", "other content"])
def test_a_second_npm_is_tried_and_other_content_is_refused(
    expected: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "package.tar.gz"
    with tarfile.open(package, "w:gz") as archive:
        member = tarfile.TarInfo("package/libchdb.so")
        member.size = 6
        archive.addfile(member, io.BytesIO(b"engine"))
    digest = hashlib.sha512(package.read_bytes() if expected else b"").digest()
    brings = [sys.executable, "-c", f"import shutil; shutil.copy({str(package)!r}, 'package.tgz')"]
    fails = [sys.executable, "-c", "import sys; sys.exit('no route to the registry')"]
    monkeypatch.setattr(library, "is_supported", lambda: True)
    monkeypatch.setattr(library, "INTEGRITY", f"sha512-{base64.b64encode(digest).decode()}")
    monkeypatch.setattr(library, "npm_commands", lambda: [fails, brings])
    cache = tmp_path / "cache"

    if expected:
        assert library.library_path(cache).read_bytes() == b"engine"
    else:
        with pytest.raises(library.ClickHouseUnavailableError, match="checksum"):
            library.library_path(cache)
        assert [path.name for path in cache.iterdir()] == [f"{library.VERSION}.lock"]


@pytest.mark.slow
def test_a_restart_keeps_data_and_dsn(tmp_path: Path) -> None:
    with clickhouse_server(tmp_path) as server:
        before = server.dsn
        with clickhouse_connect.get_client(dsn=before) as client:
            client.command("CREATE TABLE t (id UInt32) ENGINE = MergeTree ORDER BY id AS SELECT 7 AS id")

        server.restart()

        assert server.dsn == before
        with clickhouse_connect.get_client(dsn=before) as client:
            assert client.command("SELECT id FROM t") == 7
    assert answer(server.port, "/ping") is None


@pytest.mark.slow
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
