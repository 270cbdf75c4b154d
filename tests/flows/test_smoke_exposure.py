"""The smoke test tells of files, folders and addresses by which others could come to a secret, and what to do."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from flows import smoke
from flows.smoke import Probe
from tasks.landing import Landing
from tasks.load import alive
from tasks.load.warehouse import _lock
from tasks.settings import Settings


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """With a password that its owner alone can read."""
    monkeypatch.setattr(smoke, "HOME", tmp_path)
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "prefect"))
    for name in ("data", "secrets"):
        (tmp_path / name).mkdir(mode=0o700)
    access = tmp_path / "secrets" / "access.env"
    access.touch(0o600)
    access.write_text("PREFECT_API_AUTH_STRING=zakaz:never-shown\n")
    return tmp_path


def probes(**given: object) -> dict[str, Probe]:
    settings = Settings(_env_file=None, **given)  # type: ignore[arg-type]
    wanted = {
        name: probe for name, probe in smoke._probes(settings) if name in ("token files", "folders", "addresses")
    }
    found = {name: smoke._timed(name, probe) for name, probe in wanted.items()}
    assert "never-shown" not in str(found)
    return found


def test_what_its_owner_alone_can_read_is_well(home: Path) -> None:
    assert {probe.status for probe in probes().values()} == {"ok"}


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_password_that_others_can_read_is_a_failure_with_the_command_to_run(home: Path, mode: int) -> None:
    files = [home / "secrets" / "access.env", home / "data" / "up" / "a b", home / ".env"]
    files[1].parent.mkdir()
    for file in files:
        file.touch()
        file.chmod(mode)

    probe = probes(vk_token_file=files[1])["token files"]
    assert probe.status == "failure"
    command = probe.todo.partition(": ")[2]
    assert all(file.name in command for file in files)
    subprocess.run(command, shell=True, check=True)
    assert probes(vk_token_file=files[1])["token files"].status == "ok"


def test_a_folder_that_others_can_look_into_is_a_warning_and_stays_as_it_is(home: Path) -> None:
    (home / "data").chmod(0o755)

    probe = probes()["folders"]
    assert (probe.status, probe.todo) == ("warning", f"chmod 700 {home / 'data'}")
    assert (home / "data").stat().st_mode & 0o777 == 0o755


def test_a_password_in_the_clear_is_a_warning(home: Path) -> None:
    probe = probes(clickhouse_dsn="clickhouse://u:never-shown@db.example.com:8123")["addresses"]

    assert (probe.status, probe.found) == ("warning", "not encrypted")
    assert probe.todo.startswith("CLICKHOUSE_DSN sends its password in the clear to db.example.com: ")


def test_data_is_its_owners_alone_whoever_makes_it(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The warehouse, the landing area, a run's sign of life: whichever comes first."""
    data = home / "data"
    monkeypatch.setattr(alive, "_FOLDER", data / "runs")
    for make in (
        lambda: _lock(data / "warehouse", 1).__enter__(),
        lambda: Landing(str(data / "landing")).probe(),
        lambda: (alive.hold("x"), alive.let_go("x")),
    ):
        shutil.rmtree(data)
        make()
        assert data.stat().st_mode & 0o777 == 0o700
