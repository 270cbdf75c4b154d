"""What others could read is told: open files and folders, secrets in the clear; each once a process."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest

from tasks import settings as module
from tasks.exposure import in_the_clear, is_open, make_private
from tasks.settings import Settings, load_settings

CLEAR = {
    "QTICKETS_BASE_URL": (
        {"qtickets_base_url": "http://api.example.com/v1", "qtickets_token": "t"},
        "api.example.com",
    ),
    "VK_BASE_URL": ({"vk_base_url": "http://10.0.0.7", "vk_client_secret": "s"}, "10.0.0.7"),
    "DIRECT_BASE_URL": ({"direct_base_url": "HTTP://api.example.com", "direct_token": "t"}, "api.example.com"),
    "ALERT_URL": ({"alert_url": "http://chat.example.com/hooks/x"}, "chat.example.com"),
    "CLICKHOUSE_DSN": ({"clickhouse_dsn": "clickhouse://u:p@db.example.com:8123"}, "db.example.com"),
    "BACKUP_DSN": ({"backup_dsn": "http://u:p@[2001:db8::1]:8123/?secure=false"}, "2001:db8::1"),
}
FINE = [
    {"qtickets_base_url": "https://api.example.com", "qtickets_token": "t"},
    {"qtickets_base_url": "http://api.example.com"},
    {"qtickets_base_url": "http://127.0.0.1:8080", "qtickets_token": "t"},
    {"clickhouse_dsn": "clickhouse://u:p@clickhouse:8123"},
    {"clickhouse_dsn": "clickhouse://u:p@db.example.com:8443/?secure=true"},
]


def test_a_secret_in_the_clear_to_another_machine_is_told_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is encrypted, stays here or has no secret is not."""
    monkeypatch.delenv("PREFECT_API_AUTH_STRING", raising=False)
    for name, (given, host) in CLEAR.items():
        (line,) = in_the_clear(Settings(_env_file=None, **given))  # type: ignore[arg-type]
        assert line.startswith(f"{name} sends its ")
        assert f" in the clear to {host}: " in line
        assert not re.search("u:p|hooks", line)
    for given in FINE:
        assert in_the_clear(Settings(_env_file=None, **given)) == []  # type: ignore[arg-type]

    monkeypatch.setenv("PREFECT_API_URL", "http://prefect.example.com:4200/api")
    monkeypatch.setenv("PREFECT_API_AUTH_STRING", "zakaz:secret")
    (line,) = in_the_clear(Settings(_env_file=None))
    assert line == "PREFECT_API_URL sends its password in the clear to prefect.example.com: write https://"


def test_the_log_tells_it_once_a_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "HOME", tmp_path)
    module._warn.cache_clear()
    file = tmp_path / "secrets" / ".env.qtickets"
    file.parent.mkdir()
    file.write_text("QTICKETS_TOKEN=t0k3n\nQTICKETS_BASE_URL=http://api.example.com\n")
    file.chmod(0o640)

    with caplog.at_level(logging.WARNING, "zakaz.settings"):
        for _ in range(3):
            load_settings()

    assert [record.getMessage() for record in caplog.records] == [
        f"others can read {file}: chmod 600 {file}",
        "QTICKETS_BASE_URL sends its token in the clear to api.example.com: write https://",
    ]


def test_a_new_folder_is_its_owners_alone_and_an_old_one_stays_as_it_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    make_private(tmp_path / "data" / "up")
    make_private(tmp_path / "data" / "up")

    assert [is_open(tmp_path / name) for name in (".", "data", "data/up")] == [True, False, False]
