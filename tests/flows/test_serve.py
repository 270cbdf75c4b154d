"""The Prefect server does not start without a password worth the name, and knows its own names and pages."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli import machine
from ops.server import serve
from tasks.errors import SettingsError

GOOD = "zakaz:" + "x" * serve.SHORTEST


@pytest.mark.parametrize("given", [None, "", " ", "zakaz", "zakaz:", ":" + "x" * 40, "zakaz:short", GOOD[:-1]])
def test_a_password_that_is_none_is_refused(given: str | None) -> None:
    with pytest.raises(
        SettingsError, match="PREFECT_SERVER_API_AUTH_STRING must be a name, a colon and a password"
    ):
        serve.require_password(given)


def test_a_password_is_taken() -> None:
    serve.require_password(GOOD)


@pytest.mark.parametrize("given", [{}, {serve.PASSWORD: ""}, {serve.PASSWORD: "zakaz:short"}])
def test_the_server_says_so_in_a_line_and_starts_nothing(given: dict[str, str], tmp_path: Path) -> None:
    env = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    env |= given | {"PREFECT_HOME": str(tmp_path), "PYTHONPATH": str(Path(__file__).resolve().parents[2])}

    done = subprocess.run(
        [sys.executable, "-m", "ops.server.serve", "--port", "1"],
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert done.returncode == 2
    assert done.stderr.startswith("zakaz: PREFECT_SERVER_API_AUTH_STRING must be")
    assert done.stderr.count("\n") == 1
    assert "short" not in done.stderr


def test_its_names_and_pages_are_this_machines_and_those_that_are_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PREFECT_UI_URL", raising=False)
    assert serve.hosts() == ["127.0.0.1", "localhost"]
    assert serve.origins(4200) == ["http://127.0.0.1:4200", "http://localhost:4200"]

    monkeypatch.setenv("PREFECT_UI_URL", "https://zakaz.example.ru/")
    monkeypatch.setenv(serve.HOSTS, "prefect, ")
    assert serve.hosts() == ["127.0.0.1", "localhost", "zakaz.example.ru", "prefect"]
    assert serve.origins(4200)[-1] == "https://zakaz.example.ru"


def test_a_password_with_any_character_reaches_a_shell_as_it_is(tmp_path: Path) -> None:
    password = "zakaz:it's $HOME `id` \\ \" # =;&"
    file = tmp_path / "secrets" / "prefect.env"

    machine.keep_sign_in(file, {serve.PASSWORD: password})

    sourced = subprocess.run(
        ["sh", "-c", f'. "$0"; printf %s "${serve.PASSWORD}"', str(file)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert sourced.stdout == password
    assert machine.kept_sign_in(file) == {serve.PASSWORD: password}


def test_a_file_that_was_broken_by_hand_is_named(tmp_path: Path) -> None:
    file = tmp_path / "prefect.env"
    file.write_text("A='b\n")

    with pytest.raises(SettingsError, match="cannot be read: a quote has no end"):
        machine.kept_sign_in(file)
