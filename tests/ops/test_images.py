"""The image: an exact base, nobody's root, nothing in it but the program, and all of the program. `make images`: every
image that is pulled gets the digest that the registry has for its tag."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from ops.images import FILES, IMAGE, pin
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


def digest_of(path: str) -> str:
    return "sha256:" + hashlib.sha256(path.encode()).hexdigest()


def registry(request: httpx.Request) -> httpx.Response:
    """A registry, which gives a token for one image at a time and then the digest of a tag."""
    if request.url.path == "/token":
        return httpx.Response(200, json={"token": f"for {request.url.params['scope']}"})
    image = request.url.path.removeprefix("/v2/").partition("/manifests/")[0]
    if request.headers.get("Authorization") != f"Bearer for repository:{image}:pull":
        realm = f'Bearer realm="http://registry/token",service="r",scope="repository:{image}:pull"'
        return httpx.Response(401, headers={"WWW-Authenticate": realm})
    assert request.method == "HEAD" and "image.index" in request.headers["Accept"]
    return httpx.Response(200, headers={"Docker-Content-Digest": digest_of(request.url.path)})


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for name in FILES:
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def pinned(folder: Path, answer: Callable[[httpx.Request], httpx.Response], patch: pytest.MonkeyPatch) -> None:
    client = httpx.Client
    patch.setattr(httpx, "Client", lambda **given: client(**given, transport=httpx.MockTransport(answer)))
    pin(folder, "http://registry")


def images(folder: Path) -> set[str]:
    found = [match for file in FILES for match in IMAGE.findall((folder / file).read_text("utf-8"))]
    return {f"{name}:{tag}{digest}" for _, name, tag, digest in found}


def test_a_digest_stands_behind_every_tag_and_is_renewed(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tags = {image.partition("@")[0] for image in images(copy)}
    pulled = {service["image"] for name, service in SERVICES.items() if name not in OURS}
    assert tags == {
        image.partition("@")[0] for image in pulled | {text.split()[0] for text in instructions("FROM")}
    }
    compose = copy / "compose.yaml"
    compose.write_text(
        compose.read_text("utf-8").replace("postgres:17.11-bookworm", f"postgres:17.11-bookworm@sha256:{'0' * 64}")
    )

    pinned(copy, registry, monkeypatch)

    official = {name: f"library/{name}" for name in ("postgres", "caddy", "python")}
    for image in images(copy):
        name, _, tag = image.partition("@")[0].partition(":")
        assert image == f"{name}:{tag}@{digest_of(f'/v2/{official.get(name, name)}/manifests/{tag}')}"
        assert EXACT_TAG.fullmatch(image)
    for name in FILES:
        without = re.sub(r"@sha256:\w+", "", (copy / name).read_text("utf-8"))
        assert without == re.sub(r"@sha256:\w+", "", (ROOT / name).read_text("utf-8")), "and nothing else changes"


def test_what_cannot_be_looked_up_changes_nothing_and_says_so(
    copy: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def one_is_missing(request: httpx.Request) -> httpx.Response:
        return httpx.Response(404) if "/postgres/" in request.url.path else registry(request)

    with pytest.raises(SystemExit) as ended:
        pinned(copy, one_is_missing, monkeypatch)

    assert ended.value.code == 1
    assert "Could not look up" in capsys.readouterr().err
    assert all((copy / name).read_text("utf-8") == (ROOT / name).read_text("utf-8") for name in FILES)
