"""What is installed: pinned with its hashes, under a licence that is allowed, asked about at the advisory service."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from ops import audit
from tests.ops.files import DOCKERFILE, ROOT
from tests.support.clickhouse_server import free_port

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
EXTRAS = PYPROJECT["project"]["optional-dependencies"]
GROUPS = PYPROJECT["dependency-groups"]
RUN = [*PYPROJECT["project"]["dependencies"], *EXTRAS["s3"]]
DECLARED = {
    "run": RUN,
    "dev": [*RUN, *(wanted for wanted in EXTRAS["dev"] if wanted != "zakaz[s3]")],
    "screens": [*RUN, *EXTRAS["screens"]],
    "build": [*PYPROJECT["build-system"]["requires"], *GROUPS["build"]],
    "lock": GROUPS["lock"],
}
LOCKS = pytest.mark.parametrize("lock", DECLARED)
_ENTRY = re.compile(r"(?m)^(\S+)==(\S+?)( ; [^\\\n]+)?((?: \\\n    --hash=sha256:[0-9a-f]{64})*)$")


def text_of(lock: str) -> str:
    return (ROOT / "requirements" / f"{lock}.txt").read_text("utf-8")


def pins(text: str) -> dict[str, str]:
    return {name: version for name, version, *_ in _ENTRY.findall(text)}


@LOCKS
def test_a_lock_has_exact_versions_with_hashes_and_nothing_else(lock: str) -> None:
    entries = _ENTRY.findall(text_of(lock))

    assert entries and all(hashes for *_, hashes in entries)
    # No address of an index, and no source package: what builds those would not be pinned.
    assert _ENTRY.sub("", text_of(lock)).split() == ["--only-binary", ":all:"]


@LOCKS
def test_a_lock_has_what_is_declared_and_agrees_with_the_constraints(lock: str) -> None:
    found = pins(text_of(lock))

    assert found.items() <= pins((ROOT / "constraints.txt").read_text("utf-8")).items()
    assert lock != "dev" or pins(text_of("run")).items() <= found.items(), "tests run on all that runs"
    for wanted in map(Requirement, DECLARED[lock]):
        assert wanted.specifier.contains(found[canonicalize_name(wanted.name)]), wanted


@pytest.mark.parametrize(
    "text",
    [
        (ROOT / "Makefile").read_text("utf-8"),
        re.sub(r"(?m)^\s*#.*\n", "", DOCKERFILE),
        (ROOT / "docs/operations.md").read_text("utf-8"),
    ],
    ids=["Makefile", "Dockerfile", "operations.md"],
)
def test_nothing_is_installed_but_by_its_hash_or_from_here(text: str) -> None:
    commands = [part for line in text.splitlines() for part in line.split("&&")]
    installs = [command for command in commands if re.search(r"(?i)\bpip\b.* (install|wheel) ", command)]

    assert len(installs) > 1
    for install in installs:
        from_here = "--no-build-isolation" in install or "--no-index" in install
        assert " --require-hashes " in install or (from_here and " --no-deps " in install), install


@pytest.mark.slow
@pytest.mark.parametrize(
    ("licence", "allowed"),
    [("MIT", True), ("MIT AND AGPL-3.0-only", False), ("", False)],
)
def test_a_licence_that_is_not_in_the_list_fails_and_names_the_package(
    licence: str, allowed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = tmp_path / "tiny_part-1.0.dist-info"
    info.mkdir()
    expression = f"License-Expression: {licence}\n" if licence else ""
    (info / "METADATA").write_text(f"Metadata-Version: 2.4\nName: tiny-part\nVersion: 1.0\n{expression}")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    command = [sys.executable, "-m", "piplicenses", "--packages", "tiny-part"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)

    assert (done.returncode == 0) == allowed
    assert ("tiny-part" in done.stdout) if allowed else ("tiny-part" in done.stderr)


def test_ci_judges_the_licences() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")

    assert re.search(r"(?m)^check:.* sbom ", makefile)
    assert re.search(r"(?m)^\t@\$\(BIN\)/pip-licenses ", makefile)


NONE = {"name": "uv", "version": "1", "vulns": []}
KNOWN = {"name": "uv", "version": "1", "vulns": [{"id": "PYSEC-2026-1", "fix_versions": ["99.1"]}]}
SKIPPED = {"name": "uv", "skip_reason": "not on the index"}


@pytest.mark.parametrize(
    ("told", "ends", "says"),
    [
        (json.dumps({"dependencies": [NONE]}), 0, "0 known vulnerabilities in 1 packages"),
        (json.dumps({"dependencies": [NONE, KNOWN]}), 1, "PYSEC-2026-1, fixed in 99.1"),
        (json.dumps({"dependencies": [NONE, SKIPPED]}), 3, "Nothing is known of vulnerabilities."),
        (json.dumps({"dependencies": []}), 3, "Nothing is known of vulnerabilities."),
        ("a traceback", 3, "Nothing is known of vulnerabilities."),
    ],
    ids=["none known", "one known", "one skipped", "no package", "no answer"],
)
def test_an_audit_that_could_not_look_is_never_green(
    told: str, ends: int, says: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    done = subprocess.CompletedProcess([], 1, stdout=told, stderr="")
    monkeypatch.setattr(audit, "subprocess", SimpleNamespace(run=lambda *_a, **_k: done))

    assert audit.audit(["requirements/lock.txt"]) == ends
    assert says in "".join(capsys.readouterr())


@pytest.mark.slow
def test_an_audit_whose_service_does_not_answer_ends_with_3(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the real pip-audit."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("PIP_AUDIT_OSV_URL", f"http://127.0.0.1:{free_port()}/")

    command = [sys.executable, str(ROOT / "ops/audit.py"), str(ROOT / "requirements/lock.txt")]
    done = subprocess.run(command, capture_output=True, text=True)

    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("Could not look")
