"""The tests' ClickHouse server keeps its data and its address over a restart."""

from __future__ import annotations

from pathlib import Path

import clickhouse_connect
import pytest

from tests.support.clickhouse_server import answer, clickhouse_server


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
