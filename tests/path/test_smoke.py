"""The smoke test says what works, what does not and what to do, and never a secret."""

import subprocess
from pathlib import Path

import pytest
from pydantic import SecretStr

from tasks import smoke
from tasks.alerts.channel import settings_channel
from tasks.exposure import is_open, make_private
from tasks.settings import Settings
from tasks.smoke import Probe, probe_all
from tests.path.conftest import Scene
from tests.support.product import Product


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """With a password that its owner alone can read."""
    monkeypatch.setattr(smoke, "HOME", tmp_path)
    for name in ("data", "secrets"):
        (tmp_path / name).mkdir(mode=0o700, exist_ok=True)
    access = tmp_path / "secrets" / "access.env"
    access.touch(0o600)
    access.write_text("PREFECT_API_AUTH_STRING=zakaz:never-shown\n")
    return tmp_path


def probes(settings: Settings) -> dict[str, Probe]:
    found = {probe.name: probe for probe in probe_all(settings, settings_channel(settings))}
    secrets = [value.get_secret_value() for _, value in settings if isinstance(value, SecretStr)]
    assert not any(secret in str(found) for secret in [*secrets, "never-shown"])
    return found


def test_after_a_load_all_is_well_and_each_trouble_is_one_failure(
    scene: Scene, clickhouse_database: str, home: Path
) -> None:
    nowhere = {"clickhouse_database": clickhouse_database}
    scene.product = Product(scene.product.settings.model_copy(update=nowhere))
    before = probes(scene.product.settings)
    assert {name for name, probe in before.items() if probe.status != "ok"} == {
        "warehouse: schema", "qtickets: last run", "vk_ads: last run", "direct: last run", "backups", "alerts",
    }  # fmt: skip
    scene.loaded()

    odd = {name: probe.todo for name, probe in probes(scene.product.settings).items() if probe.status != "ok"}
    assert odd.keys() == {"alerts", "backups"}
    assert "BACKUP_URL" in odd["backups"] and odd["alerts"]

    def failures(**values: object) -> dict[str, str]:
        changed = scene.product.settings.model_copy(update=values)
        return {name: probe.todo for name, probe in probes(changed).items() if probe.status == "failure"}

    wrong = failures(direct_token=SecretStr("never-shown-4711"))
    assert wrong.keys() == {"direct: API"}
    assert "DIRECT_TOKEN" in wrong["direct: API"]
    for address in ("http://127.0.0.1:9", "127.0.0.1:8123"):
        lost = failures(clickhouse_dsn=SecretStr(address))
        assert lost.keys() == {"warehouse: connection"}, "said once, and it hides no other probe"
    nobody = dict.fromkeys(("qtickets_token", "vk_client_id", "vk_client_secret", "vk_token", "direct_token"))
    assert failures(**nobody).keys() == {"sources"}, "with no source there is nothing to load"


def test_a_password_that_others_can_read_is_a_failure_with_the_command_to_run(home: Path) -> None:
    files = [home / "secrets" / "access.env", home / "data" / "up" / "a b", home / ".env"]
    files[1].parent.mkdir()
    for file in files:
        file.touch()
        file.chmod(0o640)
    settings = Settings(_env_file=None, vk_token_file=files[1], zakaz_sources="qtickets")
    probe = smoke.timed("token files", lambda: smoke._token_files(settings))
    assert probe.status == "failure"
    assert all(file.name in probe.todo for file in files)
    subprocess.run(probe.todo.partition(": ")[2], shell=True, check=True)
    assert smoke.timed("token files", lambda: smoke._token_files(settings)).status == "ok"
    (home / "data").chmod(0o755)
    probe = smoke.timed("folders", smoke._folders)
    assert (probe.status, probe.todo) == ("warning", f"chmod 700 {home / 'data'}")


def test_a_new_folder_is_its_owners_alone(tmp_path: Path) -> None:
    make_private(tmp_path / "data" / "up")
    assert not is_open(tmp_path / "data") and not is_open(tmp_path / "data" / "up")
