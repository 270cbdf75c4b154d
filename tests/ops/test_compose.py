"""compose.yaml: nothing starts without passwords, nothing floats, nothing is reached that should not be."""

import json
import re
import tomllib

import pytest

from ops.server import serve
from tasks.errors import SettingsError
from tests.ops.files import COMPOSE, DOCKERFILE, ONE_OFF, OURS, ROOT, SERVICES, UNCOMMENTED, VARIABLE, resolved

SECRET = re.compile(r"PASSWORD|SECRET|TOKEN|AUTH_STRING|DSN|CONNECTION_URL")


def test_every_password_is_asked_for_and_a_secret_is_never_written_out() -> None:
    asked_for = [(name, kind) for name, kind, _ in VARIABLE.findall(UNCOMMENTED) if "PASSWORD" in name]
    assert {kind for _, kind in asked_for} == {":?"}, asked_for
    for service, declared in SERVICES.items():
        for name, value in declared.get("environment", {}).items():
            if SECRET.search(name) and not name.endswith("_FILE"):
                assert ":?" in value or value == f"${{{name}:-}}", f"{service}: {name}"


def test_images_are_pinned_and_ours_is_of_this_version() -> None:
    pinned = re.compile(r"[\w./-]+:\d+\.\d+[\w.-]*@sha256:[0-9a-f]{64}")
    pulled = [service["image"] for name, service in SERVICES.items() if name not in OURS]
    pulled += [line.split()[0] for line in re.findall(r"(?m)^FROM (.*)$", DOCKERFILE)]
    assert [image for image in pulled if not pinned.fullmatch(image)] == []
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert {SERVICES[service]["image"] for service in OURS} == {f"zakaz:{version}"}
    # Since 26.8.2 ClickHouse keeps a session to its limits, see docs/datalens.md.
    clickhouse = SERVICES["clickhouse"]["image"].partition(":")[2].partition("@")[0]
    assert tuple(map(int, clickhouse.split("."))) >= (26, 8, 2)


@pytest.mark.parametrize("service", SERVICES)
def test_what_runs_on_is_watched_and_comes_back_and_all_that_it_needs_is_there(service: str) -> None:
    declared = SERVICES[service]
    assert ("restart" in declared) == ("healthcheck" in declared) == (service not in ONE_OFF)
    if service in OURS:
        assert declared["read_only"] and declared["cap_drop"] == ["ALL"] and "user" not in declared
        assert "no-new-privileges:true" in declared["security_opt"]
    assert declared["logging"]["options"]["max-size"]
    for other, how in declared.get("depends_on", {}).items():
        ends = other in ONE_OFF
        assert how["condition"] == ("service_completed_successfully" if ends else "service_healthy")
    for volume in declared.get("volumes", []):
        source, _, rest = volume.partition(":")
        is_file = source.startswith(".")
        assert (ROOT / source).is_file() and rest.endswith(":ro") if is_file else source in COMPOSE["volumes"]
    for port in declared.get("ports", []):
        assert service == "tls" or port.startswith("127.0.0.1:"), "open to this machine alone"


def test_a_worker_loads_and_backs_up_and_knows_no_other_password() -> None:
    given = SERVICES["worker"]["environment"]
    assert "://etl_writer:${ETL_PASSWORD" in given["CLICKHOUSE_DSN"]
    assert "://backup_user:${BACKUP_PASSWORD" in given["BACKUP_DSN"]
    known = set(re.findall(r"\$\{(\w*PASSWORD)", json.dumps(given)))
    assert known == {"ETL_PASSWORD", "BACKUP_PASSWORD", "UI_PASSWORD"}


@pytest.mark.parametrize(
    ("gigabytes", "workers", "env"), [(8, 1, {}), (32, 3, {"CLICKHOUSE_MEMORY": "18g", "WORKER_MEMORY": "3g"})]
)
def test_the_limits_of_memory_fit_the_machine(gigabytes: int, workers: int, env: dict[str, str]) -> None:
    """As docs/operations.md has them: a tenth is left for the system, and `setup` may run again beside the workers."""
    texts = {name: resolved(service["mem_limit"], **env) for name, service in SERVICES.items()}
    limits = {name: int(text[:-1]) * {"m": 1, "g": 1024}[text[-1]] for name, text in texts.items()}
    often = {name: 0 if name in ONE_OFF else workers if name == "worker" else 1 for name in SERVICES}
    running = sum(limit * often[name] for name, limit in limits.items())
    assert running <= 0.9 * gigabytes * 1024
    assert running + max(limits[name] for name in ONE_OFF) <= gigabytes * 1024
    row = f"| {gigabytes} GB | {workers} | "
    line = next(line for line in (ROOT / "docs/operations.md").read_text("utf-8").splitlines() if row in line)
    assert dict(re.findall(r"`(\w+)=(\w+)`", line)) == env


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


@pytest.mark.parametrize("given", [None, "", "zakaz", ":" + "x" * 40])
def test_a_server_of_prefect_has_a_name_and_a_password(given: str | None) -> None:
    with pytest.raises(SettingsError, match="must be a name, a colon and a password"):
        serve.require_password(given)
