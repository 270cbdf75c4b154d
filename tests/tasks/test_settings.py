"""Where a setting comes from, and that an error names the setting and never shows its value."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from tasks import settings as module
from tasks.errors import SettingsError
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
    assert (settings.qtickets_rate, settings.qtickets_page_size, settings.clickhouse_database) == (2, 11, "other")
    assert (settings.qtickets_filter, settings.http_attempts, settings.qtickets_payment_lag) == ("auto", 6, 30)
    assert Settings(_env_file=None).qtickets_page_size == 100, "without files none of the machine's is read"
    with pytest.raises(ValidationError, match="frozen"):
        settings.qtickets_rate = 5


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("QTICKETS_RATE", SECRET),
        ("QTICKETS_RATE", "0"),
        ("CLICKHOUSE_DATABASE", "zakaz; DROP DATABASE x"),
    ],
)
def test_a_wrong_value_is_named_and_not_shown(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(SettingsError, match=f"^The setting {name} is wrong: ") as caught:
        load_settings()

    assert len(value) < 3 or value not in str(caught.value)
    assert caught.value.exit_status == 2


def test_no_secret_shows_when_settings_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QTICKETS_TOKEN", SECRET)
    monkeypatch.setenv("CLICKHOUSE_DSN", f"clickhouse://user:{SECRET}@host:8443/?secure=true")

    settings = load_settings()

    assert SECRET not in f"{settings!r}{settings}{settings.model_dump()}{settings.model_dump_json()}"


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
