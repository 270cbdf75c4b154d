"""The image has all of the program. `make images`: every image that is pulled gets the digest of its tag."""

import hashlib
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import httpx
import pytest

from ops.images import FILES, pin
from tests.ops.files import DOCKERFILE, OURS, ROOT, SERVICES


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


def test_a_digest_stands_behind_every_tag_and_is_renewed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client = httpx.Client
    transport = httpx.MockTransport(
        lambda request: httpx.Response(200, headers={"Docker-Content-Digest": digest_of(request.url.path)})
    )
    monkeypatch.setattr(httpx, "Client", lambda **given: client(**given, transport=transport))
    plain = {name: re.sub(r"@sha256:\w+", "", (ROOT / name).read_text("utf-8")) for name in FILES}
    for name, text in plain.items():
        old = text.replace("postgres:17.11-bookworm", f"postgres:17.11-bookworm{OLD}")
        (tmp_path / name).write_text(old, "utf-8")

    pin(tmp_path, "http://registry")

    after = {name: (tmp_path / name).read_text("utf-8") for name in FILES}
    pulled = {service["image"].partition("@")[0] for name, service in SERVICES.items() if name not in OURS}
    pulled |= {text.split()[0].partition("@")[0] for text in re.findall(r"(?m)^FROM (.*)$", DOCKERFILE)}
    for name, _, tag in (image.partition(":") for image in pulled):
        path = f"/v2/{name if '/' in name else f'library/{name}'}/manifests/{tag}"
        assert f"{name}:{tag}@{digest_of(path)}" in "".join(after.values())
    assert {name: re.sub(r"@sha256:\w+", "", text) for name, text in after.items()} == plain, "nothing else changes"
