"""compose.yaml: nothing starts without passwords, nothing floats, nothing is reached that should not be."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from ops.server import serve
from tests.ops.files import (
    COMPOSE,
    EXACT_TAG,
    ONE_OFF,
    OURS,
    ROOT,
    SERVICES,
    resolved,
    sample,
    setting_names,
    variables,
)
from tests.ops.pages import page
from tests.support.shipped_access import shipped

SAMPLE = "configs/.env.compose.sample"
SECRET = re.compile(r"PASSWORD|SECRET|TOKEN|AUTH_STRING|DSN|CONNECTION_URL")
# Read by the images themselves, or by a file that is mounted into them.
OF_THE_IMAGES = {
    "POSTGRES_USER": "postgres",
    "POSTGRES_DB": "postgres",
    "POSTGRES_PASSWORD": "postgres",
    "CLICKHOUSE_SKIP_USER_SETUP": "clickhouse",
    "CLICKHOUSE_ADMIN_PASSWORD": "clickhouse",
    "ZAKAZ_DOMAIN": "tls",
    "ZAKAZ_UI_HOSTS": "prefect",
}


def environments() -> list[tuple[str, str, str]]:
    return [
        (service, name, str(value))
        for service, declared in SERVICES.items()
        for name, value in declared.get("environment", {}).items()
    ]


def test_every_password_is_asked_for_and_none_has_a_default() -> None:
    passwords = {variable for variable in variables() if "PASSWORD" in variable.name}

    assert {variable.kind for variable in passwords} == {":?"}
    told = {variable.name for variable in passwords if f"set {variable.name} in .env" in variable.words}
    assert told == {variable.name for variable in passwords}


def test_a_secret_is_never_written_out() -> None:
    for service, name, value in environments():
        if SECRET.search(name) and not name.endswith("_FILE"):
            assert ":?" in value or value == f"${{{name}:-}}", f"{service}: {name}"


def test_the_sample_has_what_is_asked_for_and_no_value() -> None:
    given, optional = sample(SAMPLE)

    assert set(given) == {variable.name for variable in variables() if variable.kind == ":?"}
    assert set(given.values()) == {""}
    assert set(optional) == {variable.name for variable in variables() if variable.kind == ":-"} | {
        "COMPOSE_PROFILES"
    }


@pytest.mark.parametrize("service", SERVICES)
def test_images_are_pinned(service: str) -> None:
    assert EXACT_TAG.fullmatch(SERVICES[service]["image"])


def test_our_image_is_of_this_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]

    assert {SERVICES[service]["image"] for service in OURS} == {f"zakaz:{version}"}


def test_every_name_in_an_environment_is_a_setting() -> None:
    known = setting_names()
    for service, name, _ in environments():
        assert name in known or OF_THE_IMAGES.get(name) == service, f"{service}: {name}"


def test_names_that_are_no_settings_are_read_where_they_are_mounted() -> None:
    assert 'from_env="CLICKHOUSE_ADMIN_PASSWORD"' in (ROOT / "ops/clickhouse/users.xml").read_text("utf-8")
    assert "{$ZAKAZ_DOMAIN}" in (ROOT / "ops/caddy/Caddyfile").read_text("utf-8")


@pytest.mark.parametrize("service", sorted(OURS))
def test_our_commands_exist(service: str) -> None:
    words = " ".join(SERVICES[service]["command"])

    named = re.findall(r"\bzakaz (\w+)", words)
    for name in named:
        subprocess.run(
            [sys.executable, "-m", "cli.main", name, "--help"], check=True, cwd=ROOT, capture_output=True
        )
    assert named or words.startswith("python -m ops.server.serve")


@pytest.mark.parametrize("service", SERVICES)
def test_what_is_waited_for_can_come(service: str) -> None:
    for other, how in SERVICES[service].get("depends_on", {}).items():
        if how["condition"] == "service_healthy":
            assert "healthcheck" in SERVICES[other]
        else:
            assert how["condition"] == "service_completed_successfully"
            assert other in ONE_OFF


@pytest.mark.parametrize("service", SERVICES)
def test_what_runs_on_is_watched_and_comes_back(service: str) -> None:
    declared = SERVICES[service]

    assert ("restart" in declared) == ("healthcheck" in declared) == (service not in ONE_OFF)
    assert declared["logging"]["options"]["max-size"]


@pytest.mark.parametrize("service", SERVICES)
def test_volumes_files_and_networks_are_there(service: str) -> None:
    declared = SERVICES[service]
    for volume in declared.get("volumes", []):
        source, _, rest = volume.partition(":")
        if source.startswith("."):
            assert (ROOT / source).is_file()
            assert rest.endswith(":ro")
        else:
            assert source in COMPOSE["volumes"]
    assert set(declared.get("networks", [])) <= {"default", *COMPOSE["networks"]}
    for file in declared.get("env_file", []):
        assert not file["required"]
        assert (ROOT / "configs" / f"{Path(file['path']).name}.sample").is_file()


def test_every_volume_is_used() -> None:
    used = {v.partition(":")[0] for s in SERVICES.values() for v in s.get("volumes", []) if v[0] != "."}

    assert used == set(COMPOSE["volumes"])


@pytest.mark.parametrize("service", sorted(SERVICES.keys() - {"tls"}))
def test_ports_are_open_to_this_machine_alone(service: str) -> None:
    for port in SERVICES[service].get("ports", []):
        assert port.startswith("127.0.0.1:")


def test_only_the_server_of_prefect_reaches_its_database() -> None:
    assert [s for s, declared in SERVICES.items() if "database" in declared.get("networks", [])] == [
        "postgres",
        "prefect",
    ]
    assert "default" not in SERVICES["postgres"]["networks"]


@pytest.mark.parametrize("service", sorted(OURS))
def test_ours_have_no_privileges_and_write_to_volumes_alone(service: str) -> None:
    declared = SERVICES[service]

    assert declared["read_only"]
    assert declared["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in declared["security_opt"]
    assert "user" not in declared


def test_a_worker_loads_and_backs_up_and_knows_no_other_password() -> None:
    given = SERVICES["worker"]["environment"]

    assert "://etl_writer:${ETL_PASSWORD" in given["CLICKHOUSE_DSN"]
    assert "://backup_user:${BACKUP_PASSWORD" in given["BACKUP_DSN"]
    known = set(re.findall(r"\$\{(\w*PASSWORD)", json.dumps(given)))
    assert known == {"ETL_PASSWORD", "BACKUP_PASSWORD", "UI_PASSWORD"}


def megabytes(text: str) -> int:
    return int(text[:-1]) * {"m": 1, "g": 1024}[text[-1]]


def machines(path: str) -> list[tuple[int, dict[str, str], int]]:
    """The page's table: gigabytes of the machine, what .env says, workers."""
    (table,) = [table for table in page(path).tables() if re.fullmatch(r"8 \w\w", table[0][0])]
    return [
        (int(memory.split()[0]), dict(re.findall(r"`(\w+)=(\w+)`", env)), int(workers))
        for memory, workers, env in table
    ]


MACHINES = machines("docs/operations.md")


def test_both_languages_know_the_same_machines() -> None:
    assert machines("docs/operations.ru.md") == MACHINES
    assert MACHINES[0] == (8, {}, 1)


@pytest.mark.parametrize(("gigabytes", "env", "workers"), MACHINES)
def test_the_limits_of_memory_fit_the_machine(gigabytes: int, env: dict[str, str], workers: int) -> None:
    """With a tenth of it left for the system; and still when `setup` runs again beside the workers."""
    limits = {name: megabytes(resolved(service["mem_limit"], **env)) for name, service in SERVICES.items()}
    running = sum(
        limit * (workers if name == "worker" else 1) for name, limit in limits.items() if name not in ONE_OFF
    )

    assert set(limits) == set(SERVICES)
    assert running <= 0.9 * gigabytes * 1024
    assert running + max(limits[name] for name in ONE_OFF) <= gigabytes * 1024


def test_the_reader_leaves_memory_of_clickhouse_to_a_load() -> None:
    config = (ROOT / "ops/clickhouse/config.xml").read_text("utf-8")
    (ratio,) = re.findall(r"to_ram_ratio>([\d.]+)<", config)
    of_queries = float(ratio) * megabytes(resolved(SERVICES["clickhouse"]["mem_limit"])) * 2**20
    reader = shipped()["datalens_reader"].settings

    assert int(reader["max_memory_usage_for_user"]) + 900_000_000 <= of_queries


@pytest.mark.parametrize(
    ("password", "starts"), [("", False), ("short", False), ("x" * 11, False), ("x" * 12, True)]
)
def test_a_short_password_of_the_ui_does_not_start(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], password: str, starts: bool
) -> None:
    """The command of compose.yaml in the environment of compose.yaml."""
    declared = SERVICES["prefect"]
    assert declared["command"][:3] == ["python", "-m", "ops.server.serve"]
    for name, value in declared["environment"].items():
        monkeypatch.setenv(name, resolved(value, UI_PASSWORD=password, POSTGRES_PASSWORD="p"))
    # Which it sets otherwise, for itself.
    monkeypatch.setenv("PREFECT_SERVER_CORS_ALLOWED_ORIGINS", "http://127.0.0.1")
    ran: list[tuple[str, int]] = []
    monkeypatch.setattr(serve, "_run", lambda host, port: ran.append((host, port)))

    if starts:
        serve.main(declared["command"][3:])
    else:
        with pytest.raises(SystemExit) as ended:
            serve.main(declared["command"][3:])
        assert ended.value.code == 2
        assert "a password of at least 12 characters" in capsys.readouterr().err
    assert ran == ([("0.0.0.0", 4200)] if starts else [])


def test_the_image_of_clickhouse_keeps_a_session_to_its_limits() -> None:
    """Since 26.8.2; see docs/datalens.md."""
    version = SERVICES["clickhouse"]["image"].partition(":")[2].partition("@")[0]

    assert tuple(map(int, version.split("."))) >= (26, 8, 2)


def docker_compose(folder: Path, env: str) -> subprocess.CompletedProcess[str]:
    file = folder / "env"
    file.write_text(env)
    command = ["docker", "compose", "--file", str(ROOT / "compose.yaml"), "--env-file", str(file)]
    return subprocess.run(
        [*command, "--profile", "*", "config", "--format", "json"], capture_output=True, text=True
    )


def _has_compose() -> bool:
    command = ["docker", "compose", "version"]
    return bool(shutil.which("docker")) and subprocess.run(command, capture_output=True).returncode == 0


with_compose = pytest.mark.skipif(not _has_compose(), reason="needs the docker client with its compose plugin")


@with_compose
def test_docker_compose_takes_it_and_refuses_it_without_any_one_password(tmp_path: Path) -> None:
    names = sorted(sample(SAMPLE)[0])
    full = "".join(f"{name}=value-of-{name}\n" for name in names)

    done = docker_compose(tmp_path, full)
    resolved: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    assert set(resolved["services"]) == set(SERVICES)
    for name in names:
        refused = docker_compose(tmp_path, full.replace(f"{name}=value-of-{name}\n", f"{name}=\n"))
        assert refused.returncode != 0
        assert f"required variable {name} is missing a value" in refused.stderr
