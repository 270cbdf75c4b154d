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


def token() -> str | None:
    value = load_settings().qtickets_token
    return None if value is None else value.get_secret_value()


def test_without_any_source_the_defaults_hold() -> None:
    settings = load_settings()

    assert settings.qtickets_base_url == "https://qtickets.ru/api/rest/v1"
    assert (settings.qtickets_filter, settings.clickhouse_database, settings.qtickets_token) == (
        "auto",
        "zakaz",
        None,
    )


def test_the_environment_wins_over_the_given_file_and_that_over_the_secrets(
    secrets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (secrets / ".env.qtickets").write_text("QTICKETS_TOKEN=secrets\nQTICKETS_RATE=1\nQTICKETS_PAGE_SIZE=11\n")
    given = tmp_path / "given.env"
    given.write_text("QTICKETS_TOKEN=given\nQTICKETS_RATE=2\n")
    monkeypatch.setenv("QTICKETS_TOKEN", "environment")

    monkeypatch.setenv("ZAKAZ_ENV", str(given))
    settings = load_settings()

    assert settings.qtickets_token == SecretStr("environment")
    assert (settings.qtickets_rate, settings.qtickets_page_size) == (2, 11)


def test_each_source_may_have_a_file_of_its_own(secrets: Path) -> None:
    (secrets / ".env.qtickets").write_text("QTICKETS_TOKEN=a\n")
    (secrets / ".env.warehouse").write_text("CLICKHOUSE_DATABASE=other\n")

    assert (token(), load_settings().clickhouse_database) == ("a", "other")


def test_samples_and_other_files_are_not_read(secrets: Path) -> None:
    (secrets / "env.qtickets").write_text("QTICKETS_TOKEN=wrong\n")
    (secrets / "notes.txt").write_text("QTICKETS_TOKEN=wrong\n")

    assert token() is None


def test_an_empty_value_is_no_value(secrets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (secrets / ".env.qtickets").write_text("QTICKETS_RATE=\n")
    monkeypatch.setenv("QTICKETS_FILTER", "")

    assert (load_settings().qtickets_rate, load_settings().qtickets_filter) == (3, "auto")


def test_a_mark_before_the_first_name_does_not_hide_it(secrets: Path) -> None:
    """As editors on Windows write it."""
    (secrets / ".env.qtickets").write_bytes(b"\xef\xbb\xbfQTICKETS_TOKEN=abc\r\nQTICKETS_RATE=2\r\n")

    assert (token(), load_settings().qtickets_rate) == ("abc", 2)


def test_a_file_in_another_encoding_is_an_error_in_words(secrets: Path) -> None:
    (secrets / ".env.qtickets").write_bytes("# пароль\nQTICKETS_TOKEN=abc\n".encode("cp1251"))

    with pytest.raises(SettingsError, match=r"not UTF-8 text.*\.env\.qtickets"):
        load_settings()


def test_a_given_file_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZAKAZ_ENV", str(tmp_path / "nowhere.env"))

    with pytest.raises(SettingsError, match=r"no settings file .*nowhere\.env.*configs/"):
        load_settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("QTICKETS_FILTER", SECRET),
        ("QTICKETS_RATE", SECRET),
        ("QTICKETS_RATE", "0"),
        ("QTICKETS_PAGE_SIZE", "0"),
        ("QTICKETS_DATE_FORMAT", "unix"),
        ("QTICKETS_PAYMENT_LAG", "-1"),
        ("CLICKHOUSE_DATABASE", "zakaz; DROP DATABASE x"),
        ("HTTP_TIMEOUT", "-5"),
        ("HTTP_ATTEMPTS", "0"),
        ("LANDING_KEEP_DAYS", "0"),
    ],
)
def test_a_wrong_value_is_told_by_its_name_alone(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
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


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        load_settings().qtickets_rate = 5


@pytest.mark.parametrize("value", [None, SecretStr(""), SecretStr("  "), SecretStr("\n")])
def test_a_missing_secret_is_told_with_the_place_to_put_it(value: SecretStr | None) -> None:
    with pytest.raises(SettingsError, match=r"QTICKETS_TOKEN is missing\. Put it into secrets/\.env\.qtickets"):
        require(value, "QTICKETS_TOKEN", ".env.qtickets")


def test_a_secret_is_stripped_of_the_blanks_around_it() -> None:
    assert require(SecretStr(f" {SECRET}\n"), "QTICKETS_TOKEN", ".env.qtickets") == SECRET


@pytest.mark.parametrize("value", ["а-по-русски", "two words", "two\nlines", "zero\u200bwidth", "tab\tinside"])
def test_a_secret_that_can_be_no_token_is_refused_without_being_shown(value: str) -> None:
    """It would otherwise fail deep in the HTTP client, in words that nobody understands."""
    with pytest.raises(SettingsError, match="QTICKETS_TOKEN holds characters") as caught:
        require(SecretStr(value), "QTICKETS_TOKEN", ".env.qtickets")

    assert value not in str(caught.value)


def test_settings_without_files_read_no_file_of_the_machine(secrets: Path) -> None:
    (secrets / ".env.qtickets").write_text("QTICKETS_TOKEN=abc\n")

    assert Settings(_env_file=None).qtickets_token is None
