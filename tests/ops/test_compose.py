"""compose.yaml: nothing starts without passwords, nothing floats, nothing is reached that should not be."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

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


def test_every_password_is_asked_for_and_a_secret_is_never_written_out() -> None:
    for variable in variables():
        if "PASSWORD" in variable.name:
            assert variable.kind == ":?", variable
    for service, declared in SERVICES.items():
        for name, value in declared.get("environment", {}).items():
            if SECRET.search(name) and not name.endswith("_FILE"):
                assert ":?" in value or value == f"${{{name}:-}}", f"{service}: {name}"


def test_the_sample_has_what_is_asked_for_and_no_value() -> None:
    given, optional = sample(SAMPLE)

    assert set(given) == {variable.name for variable in variables() if variable.kind == ":?"}
    assert set(given.values()) == {""}
    assert set(optional) == {variable.name for variable in variables() if variable.kind == ":-"} | {
        "COMPOSE_PROFILES"
    }


def test_images_are_pinned_and_ours_is_of_this_version() -> None:
    assert all(EXACT_TAG.fullmatch(service["image"]) for service in SERVICES.values())
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert {SERVICES[service]["image"] for service in OURS} == {f"zakaz:{version}"}
    # Since 26.8.2 ClickHouse keeps a session to its limits, see docs/datalens.md.
    clickhouse = SERVICES["clickhouse"]["image"].partition(":")[2].partition("@")[0]
    assert tuple(map(int, clickhouse.split("."))) >= (26, 8, 2)


def test_every_name_in_an_environment_is_read_by_something() -> None:
    known = setting_names()
    for service, declared in SERVICES.items():
        for name in declared.get("environment", {}):
            assert name in known or OF_THE_IMAGES.get(name) == service, f"{service}: {name}"
    assert 'from_env="CLICKHOUSE_ADMIN_PASSWORD"' in (ROOT / "ops/clickhouse/users.xml").read_text("utf-8")
    assert "{$ZAKAZ_DOMAIN}" in (ROOT / "ops/caddy/Caddyfile").read_text("utf-8")


@pytest.mark.parametrize("service", SERVICES)
def test_what_runs_on_is_watched_and_comes_back_and_all_that_it_needs_is_there(service: str) -> None:
    declared = SERVICES[service]

    assert ("restart" in declared) == ("healthcheck" in declared) == (service not in ONE_OFF)
    assert declared["logging"]["options"]["max-size"]
    for other, how in declared.get("depends_on", {}).items():
        ends = other in ONE_OFF
        assert how["condition"] == ("service_completed_successfully" if ends else "service_healthy")
    for volume in declared.get("volumes", []):
        source, _, rest = volume.partition(":")
        is_file = source.startswith(".")
        assert (ROOT / source).is_file() and rest.endswith(":ro") if is_file else source in COMPOSE["volumes"]
    for file in declared.get("env_file", []):
        assert not file["required"]
        assert (ROOT / "configs" / f"{Path(file['path']).name}.sample").is_file()
    for port in declared.get("ports", []):
        assert service == "tls" or port.startswith("127.0.0.1:"), "open to this machine alone"


def test_every_volume_is_used() -> None:
    used = {v.partition(":")[0] for s in SERVICES.values() for v in s.get("volumes", []) if v[0] != "."}

    assert used == set(COMPOSE["volumes"])


def test_only_the_server_of_prefect_reaches_its_database() -> None:
    reach = [name for name, declared in SERVICES.items() if "database" in declared.get("networks", [])]

    assert reach == ["postgres", "prefect"]
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


@pytest.mark.parametrize(
    ("gigabytes", "workers", "env"),
    [
        (8, 1, {}),
        (16, 2, {"CLICKHOUSE_MEMORY": "7g"}),
        (32, 3, {"CLICKHOUSE_MEMORY": "18g", "WORKER_MEMORY": "3g"}),
    ],
)
def test_the_limits_of_memory_fit_the_machine(gigabytes: int, workers: int, env: dict[str, str]) -> None:
    """As docs/operations.md has them: a tenth is left for the system, and `setup` may run again beside the workers."""
    limits = {name: megabytes(resolved(service["mem_limit"], **env)) for name, service in SERVICES.items()}
    often = {name: 0 if name in ONE_OFF else workers if name == "worker" else 1 for name in SERVICES}
    running = sum(limit * often[name] for name, limit in limits.items())

    assert running <= 0.9 * gigabytes * 1024
    assert running + max(limits[name] for name in ONE_OFF) <= gigabytes * 1024
    row = f"| {gigabytes} GB | {workers} | "
    line = next(line for line in (ROOT / "docs/operations.md").read_text("utf-8").splitlines() if row in line)
    assert dict(re.findall(r"`(\w+)=(\w+)`", line)) == env


def test_the_reader_leaves_memory_of_clickhouse_to_a_load() -> None:
    (ratio,) = re.findall(r"to_ram_ratio>([\d.]+)<", (ROOT / "ops/clickhouse/config.xml").read_text("utf-8"))
    of_queries = float(ratio) * megabytes(resolved(SERVICES["clickhouse"]["mem_limit"])) * 2**20
    reader = shipped()["datalens_reader"].settings

    assert int(reader["max_memory_usage_for_user"]) + 900_000_000 <= of_queries


@pytest.mark.parametrize(("password", "starts"), [("", False), ("x" * 11, False), ("x" * 12, True)])
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
    try:
        serve.main(declared["command"][3:])
    except SystemExit as ended:
        assert ended.code == 2
        assert "at least 12 characters" in capsys.readouterr().err
    assert ran == ([("0.0.0.0", 4200)] if starts else [])


def docker_compose(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["docker", "compose", *arguments], capture_output=True, text=True)


@pytest.mark.skipif(
    not shutil.which("docker") or docker_compose("version").returncode != 0, reason="needs docker with compose"
)
def test_docker_compose_takes_it_and_refuses_it_without_a_password(tmp_path: Path) -> None:
    def config(env: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "env").write_text(env)
        files = ["--file", str(ROOT / "compose.yaml"), "--env-file", str(tmp_path / "env")]
        return docker_compose(*files, "--profile", "*", "config", "--format", "json")

    names = sorted(sample(SAMPLE)[0])
    full = "".join(f"{name}=value-of-{name}\n" for name in names)
    done = config(full)
    assert done.returncode == 0, done.stderr
    assert set(json.loads(done.stdout)["services"]) == set(SERVICES)
    refused = config(full.replace(f"=value-of-{names[0]}\n", "=\n"))
    assert refused.returncode != 0
    assert f"required variable {names[0]} is missing a value" in refused.stderr


def test_our_commands_exist() -> None:
    words = [" ".join(SERVICES[service]["command"]) for service in OURS]
    assert all("zakaz " in text or text.startswith("python -m ops.server.serve") for text in words)
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", "--help"], check=True, cwd=ROOT, capture_output=True, text=True
    )
    for name in re.findall(r"\bzakaz (\w+)", " ; ".join(words)):
        assert re.search(rf"(?m)^\W*{name}\b", done.stdout), name
