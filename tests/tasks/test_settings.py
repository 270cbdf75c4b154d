"""Where a setting comes from, that no error shows its value, and that secrets others could read are told of."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from tasks import settings as module
from tasks.errors import SettingsError
from tasks.exposure import in_the_clear
from tasks.settings import Settings, load_settings, require

SECRET = "qt-5f1c9a-secret"


@pytest.fixture(autouse=True)
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of secrets in a home of the test's own."""
    monkeypatch.setattr(module, "HOME", tmp_path)
    folder = tmp_path / "secrets"
    folder.mkdir()
    return folder


def test_the_environment_wins_over_the_given_file_that_over_the_secrets_and_those_over_the_defaults(
    secrets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each source may have a file of its own. An empty value is none; samples and other files are not read."""
    assert load_settings().qtickets_token is None
    (secrets / ".env.qtickets").write_text("QTICKETS_TOKEN=secrets\nQTICKETS_RATE=1\nQTICKETS_PAGE_SIZE=11\n")
    (secrets / ".env.warehouse").write_text("CLICKHOUSE_DATABASE=other\nHTTP_ATTEMPTS=\n")
    (secrets / "env.qtickets").write_text("QTICKETS_PAYMENT_LAG=5\n")
    given = tmp_path / "given.env"
    given.write_text("QTICKETS_TOKEN=given\nQTICKETS_RATE=2\n")
    monkeypatch.setenv("QTICKETS_TOKEN", "environment")
    monkeypatch.setenv("QTICKETS_FILTER", "")
    monkeypatch.setenv("ZAKAZ_ENV", str(given))

    settings = load_settings()

    assert settings.qtickets_token == SecretStr("environment")
    assert "environment" not in f"{settings!r}{settings}{settings.model_dump()}{settings.model_dump_json()}"
    assert (settings.qtickets_rate, settings.qtickets_page_size, settings.clickhouse_database) == (2, 11, "other")
    assert (settings.qtickets_filter, settings.http_attempts, settings.qtickets_payment_lag) == ("auto", 6, 30)
    assert Settings(_env_file=None).qtickets_page_size == 100, "without files none of the machine's is read"
    with pytest.raises(ValidationError, match="frozen"):
        settings.qtickets_rate = 5


def test_a_wrong_value_is_named_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QTICKETS_RATE", SECRET)

    with pytest.raises(SettingsError, match=r"^The setting QTICKETS_RATE is wrong: ") as caught:
        load_settings()

    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("value", "error"),
    [("  ", r"is missing\. Put it into secrets/\.env\.qtickets"), (f"{SECRET} two words", "holds characters")],
)
def test_a_secret_is_stripped_and_one_that_can_be_no_token_refused(value: str, error: str) -> None:
    """It would otherwise fail deep in the HTTP client, in words that nobody understands."""
    assert require(SecretStr(f" {SECRET}\n"), "QTICKETS_TOKEN", ".env.qtickets") == SECRET
    with pytest.raises(SettingsError, match=f"QTICKETS_TOKEN {error}") as caught:
        require(SecretStr(value), "QTICKETS_TOKEN", ".env.qtickets")
    assert SECRET not in str(caught.value)


CLEAR = {
    "QTICKETS_BASE_URL": ({"qtickets_base_url": "http://a.example.com/v1", "qtickets_token": "t"}, "a.example.com"),
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
