"""What is installed: pinned with its hashes, under a licence that is allowed, asked about at the advisory service; images with
their digests and all of the program."""

import hashlib
import json
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from ops import audit
from ops.images import FILES, pin
from tests.ops.files import DOCKERFILE, OURS, ROOT, SERVICES

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
EXTRAS = PYPROJECT["project"]["optional-dependencies"]
GROUPS = PYPROJECT["dependency-groups"]
PROJECT = PYPROJECT["project"]["dependencies"]
RUN = [*PROJECT, *EXTRAS["local"], *EXTRAS["embedded"]]
DECLARED = {
    "server": [*PROJECT, *EXTRAS["s3"]], "run": RUN, "s3": [*RUN, *EXTRAS["s3"]],
    "dev": [*RUN, *EXTRAS["s3"], *EXTRAS["datalens"], *EXTRAS["dev"]], "datalens": [*RUN, *EXTRAS["datalens"]],
    "screens": [*RUN, *EXTRAS["screens"]], "bench": [*PROJECT, *EXTRAS["bench"]],
    "build": [*PYPROJECT["build-system"]["requires"], *GROUPS["build"]], "lock": GROUPS["lock"],
}  # fmt: skip
_ENTRY = re.compile(r"(?m)^(\S+)==(\S+?)( ; [^\\\n]+)?((?: \\\n    --hash=sha256:[0-9a-f]{64})*)$")


def text_of(lock: str) -> str:
    return (ROOT / "requirements" / f"{lock}.txt").read_text("utf-8")


def pins(text: str) -> dict[str, str]:
    return {name: version for name, version, *_ in _ENTRY.findall(text)}


@pytest.mark.parametrize("lock", DECLARED)
def test_a_lock_has_exact_versions_with_hashes_and_nothing_else(lock: str) -> None:
    """And of all that is declared, the versions of the constraints."""
    entries = _ENTRY.findall(text_of(lock))
    assert entries and all(hashes for *_, hashes in entries)
    # No address of an index, and no source package: what builds those would not be pinned.
    assert _ENTRY.sub("", text_of(lock)).split() == ["--only-binary", ":all:"]
    found = pins(text_of(lock))
    assert found.items() <= pins((ROOT / "constraints.txt").read_text("utf-8")).items()
    assert lock != "dev" or pins(text_of("run")).items() <= found.items(), "tests run on all that runs"
    for wanted in (Requirement(one) for one in DECLARED[lock] if not one.startswith("zakaz[")):
        assert wanted.specifier.contains(found[canonicalize_name(wanted.name)]), wanted


@pytest.mark.parametrize("file", ["Makefile", "Dockerfile", "docs/operations.md"])
def test_nothing_is_installed_but_by_its_hash_or_from_here(file: str) -> None:
    text = (ROOT / file).read_text("utf-8")
    text = re.sub(r"(?m)^\s*#.*\n", "", text) if file == "Dockerfile" else text
    commands = [part for line in text.splitlines() for part in line.split("&&")]
    installs = [command for command in commands if re.search(r"(?i)\bpip\b.* (install|wheel) ", command)]
    assert len(installs) > 1
    for install in installs:
        from_here = "--no-build-isolation" in install or "--no-index" in install
        assert " --require-hashes " in install or (from_here and " --no-deps " in install), install


@pytest.mark.slow
def test_a_licence_that_is_not_in_the_list_fails_and_names_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = tmp_path / "tiny_part-1.0.dist-info"
    info.mkdir()
    head = "Metadata-Version: 2.4\nName: tiny-part\nVersion: 1.0\n"
    (info / "METADATA").write_text(f"{head}License-Expression: MIT AND AGPL-3.0-only\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    command = [sys.executable, "-m", "piplicenses", "--packages", "tiny-part"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode and "tiny-part" in done.stderr


NONE = {"name": "uv", "version": "1", "vulns": []}
KNOWN = {"name": "uv", "version": "1", "vulns": [{"id": "PYSEC-2026-1", "fix_versions": ["99.1"]}]}
SKIPPED = {"name": "uv", "skip_reason": "not on the index"}


def test_an_audit_that_could_not_look_is_never_green(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for told, ends, says in (
        (json.dumps({"dependencies": [NONE]}), 0, "0 known vulnerabilities in 1 packages"),
        (json.dumps({"dependencies": [NONE, KNOWN]}), 1, "PYSEC-2026-1, fixed in 99.1"),
        (json.dumps({"dependencies": [NONE, SKIPPED]}), 3, "Nothing is known of vulnerabilities."),
        ("a traceback", 3, "Nothing is known of vulnerabilities."),
    ):
        done = subprocess.CompletedProcess([], 1, stdout=told, stderr="")
        monkeypatch.setattr(audit, "subprocess", SimpleNamespace(run=lambda *_a, done=done, **_k: done))
        assert audit.audit(["requirements/lock.txt"]) == ends
        assert says in "".join(capsys.readouterr())


@pytest.mark.slow
def test_the_wheel_has_every_module_and_every_statement(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*build, "--wheel-dir", str(tmp_path), str(ROOT)], check=True, cwd=tmp_path, capture_output=True)
    with zipfile.ZipFile(next(tmp_path.glob("zakaz-*.whl"))) as wheel:
        names = set(wheel.namelist())
    packages = ("cli", "flows", "tasks", "validation", "sandbox", "ops/server", "ops/datalens")
    wanted = [path for folder in packages for path in (ROOT / folder).rglob("*.py")]
    wanted += [*(ROOT / "sql").rglob("*.sql"), *(ROOT / "tasks" / "translations").iterdir()]
    wanted += [ROOT / name for name in ("prefect.yaml", "automations.yaml", "ops/datalens/workbook.yaml")]
    assert {str(path.relative_to(ROOT)) for path in wanted} - names == set()


def digest_of(path: str) -> str:
    return "sha256:" + hashlib.sha256(path.encode()).hexdigest()


def test_a_digest_stands_behind_every_tag_and_is_renewed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"Docker-Content-Digest": digest_of(request.url.path)})

    client, transport = httpx.Client, httpx.MockTransport(answer)
    monkeypatch.setattr(httpx, "Client", lambda **given: client(**given, transport=transport))
    plain = {name: re.sub(r"@sha256:\w+", "", (ROOT / name).read_text("utf-8")) for name in FILES}
    for name, text in plain.items():
        old = text.replace("postgres:17.11-bookworm", f"postgres:17.11-bookworm@sha256:{'0' * 64}")
        (tmp_path / name).write_text(old, "utf-8")
    pin(tmp_path, "http://registry")
    after = {name: (tmp_path / name).read_text("utf-8") for name in FILES}
    pulled = {service["image"].partition("@")[0] for name, service in SERVICES.items() if name not in OURS}
    pulled |= {text.split()[0].partition("@")[0] for text in re.findall(r"(?m)^FROM (.*)$", DOCKERFILE)}
    for name, _, tag in (image.partition(":") for image in pulled):
        path = f"/v2/{name if '/' in name else f'library/{name}'}/manifests/{tag}"
        assert f"{name}:{tag}@{digest_of(path)}" in "".join(after.values())
    assert {name: re.sub(r"@sha256:\w+", "", text) for name, text in after.items()} == plain, "nothing else changes"
