"""The image: an exact base, nobody's root, nothing in it but the program, and all of the program. `make images`: every
image that is pulled gets the digest that the registry has for its tag."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import httpx
import pytest

from ops.images import FILES, pin
from tests.ops.files import DOCKERFILE, EXACT_TAG, OURS, ROOT, SERVICES

WHEEL = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"]


def instructions(word: str) -> list[str]:
    joined = re.sub(r"\\\n", " ", re.sub(r"(?m)^\s*#.*\n", "", DOCKERFILE))
    return re.findall(rf"(?m)^{word} (.*)$", joined)


def test_it_runs_on_one_exact_base_as_a_user_that_is_not_root_and_is_built_without_a_secret() -> None:
    (base,) = {text.split()[0] for text in instructions("FROM")}
    user, group = instructions("USER")[-1].split(":")

    assert EXACT_TAG.fullmatch(base)
    assert int(user) >= 10_000 and int(group) >= 10_000
    assert f"--uid {user}" in DOCKERFILE and f"--gid {group}" in DOCKERFILE
    for text in [*instructions("ARG"), *instructions("ENV")]:
        assert not re.search(r"PASSWORD|TOKEN|SECRET|DSN", text)


def test_the_build_sees_what_the_wheel_is_made_of_and_nothing_else() -> None:
    _, everything, *lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    needed = {
        *WHEEL["only-include"],
        *WHEEL["force-include"],
        "pyproject.toml",
        "requirements",
        "README.md",
        "LICENSE",
    }

    assert everything == "*"
    assert {line.removeprefix("!") for line in lines if line[0] == "!"} == needed


@pytest.mark.slow
def test_the_wheel_has_every_module_and_every_statement(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*build, "--wheel-dir", str(tmp_path), str(ROOT)], check=True, cwd=tmp_path, capture_output=True)

    with zipfile.ZipFile(next(tmp_path.glob("zakaz-*.whl"))) as wheel:
        names = set(wheel.namelist())
    packages = ("cli", "flows", "tasks", "validation", "sandbox", "ops/server")
    wanted = [path for folder in packages for path in (ROOT / folder).rglob("*.py")]
    wanted += [*(ROOT / "sql").rglob("*.sql"), ROOT / "prefect.yaml", ROOT / "automations.yaml"]
    assert {str(path.relative_to(ROOT)) for path in wanted} - names == set()


OLD = f"@sha256:{'0' * 64}"


def digest_of(path: str) -> str:
    return "sha256:" + hashlib.sha256(path.encode()).hexdigest()


@pytest.mark.parametrize("is_missing", [False, True])
def test_a_digest_stands_behind_every_tag_and_is_renewed(
    is_missing: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or, where one cannot be looked up, nothing changes."""

    def registry(request: httpx.Request) -> httpx.Response:
        if is_missing and "/postgres/" in request.url.path:
            return httpx.Response(404)
        return httpx.Response(200, headers={"Docker-Content-Digest": digest_of(request.url.path)})

    client = httpx.Client
    transport = httpx.MockTransport(registry)
    monkeypatch.setattr(httpx, "Client", lambda **given: client(**given, transport=transport))
    plain = {name: re.sub(r"@sha256:\w+", "", (ROOT / name).read_text("utf-8")) for name in FILES}
    before = {
        name: text.replace("postgres:17.11-bookworm", f"postgres:17.11-bookworm{OLD}")
        for name, text in plain.items()
    }
    for name, text in before.items():
        (tmp_path / name).write_text(text, "utf-8")

    if is_missing:
        with pytest.raises(SystemExit):
            pin(tmp_path, "http://registry")
    else:
        pin(tmp_path, "http://registry")

    after = {name: (tmp_path / name).read_text("utf-8") for name in FILES}
    if is_missing:
        assert after == before
        return
    pulled = {service["image"].partition("@")[0] for name, service in SERVICES.items() if name not in OURS}
    pulled |= {text.split()[0].partition("@")[0] for text in instructions("FROM")}
    for name, _, tag in (image.partition(":") for image in pulled):
        path = f"/v2/{name if '/' in name else f'library/{name}'}/manifests/{tag}"
        assert f"{name}:{tag}@{digest_of(path)}" in "".join(after.values())
    assert {name: re.sub(r"@sha256:\w+", "", text) for name, text in after.items()} == plain, "nothing else changes"
