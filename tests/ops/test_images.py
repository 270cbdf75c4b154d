"""`make images`: every image that is pulled gets the digest that the registry has for its tag."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from ops.images import FILES, IMAGE, pin
from tests.ops.files import DOCKERFILE, EXACT_TAG, OURS, ROOT, SERVICES

PULLED = {service["image"] for name, service in SERVICES.items() if name not in OURS}


class Registry:
    """A stand-in of a registry's API: a token for one image at a time, and the digests of tags."""

    def __init__(self) -> None:
        self.generation = 1
        self.missing = ""
        """Part of a path that is not there."""
        registry = self

        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                repository = self.path.removeprefix("/v2/").partition("/manifests/")[0]
                if registry.missing and registry.missing in self.path:
                    self.send_response(404)
                elif self.headers["Authorization"] != f"Bearer for repository:{repository}:pull":
                    self.send_response(401)
                    realm = f'Bearer realm="{registry.url}/token",service="r",scope="repository:{repository}:pull"'
                    self.send_header("WWW-Authenticate", realm)
                else:
                    assert "image.index" in self.headers["Accept"]
                    self.send_response(200)
                    self.send_header("Docker-Content-Digest", registry.digest(self.path))
                self.end_headers()

            def do_GET(self) -> None:
                asked = parse_qs(urlsplit(self.path).query)
                self.send_response(200 if asked["service"] == ["r"] else 400)
                self.end_headers()
                self.wfile.write(json.dumps({"token": f"for {asked['scope'][0]}"}).encode())

            def log_message(self, *_args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        Thread(target=self.server.serve_forever, daemon=True).start()

    def digest(self, path: str) -> str:
        return "sha256:" + hashlib.sha256(f"{path} {self.generation}".encode()).hexdigest()


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    registry = Registry()
    yield registry
    registry.server.shutdown()
    registry.server.server_close()


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for name in FILES:
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def images(folder: Path) -> set[str]:
    services = yaml.safe_load((folder / "compose.yaml").read_text("utf-8"))["services"].values()
    bases = [
        line.split()[1] for line in (folder / "Dockerfile").read_text("utf-8").splitlines() if line[:5] == "FROM "
    ]
    return {*(service["image"] for service in services if "build" not in service), *bases}


def test_every_image_that_is_pulled_is_known_and_ours_is_not() -> None:
    found = {
        f"{name}:{tag}{digest}"
        for file in FILES
        for _, name, tag, digest in IMAGE.findall((ROOT / file).read_text("utf-8"))
    }

    assert found == images(ROOT) >= PULLED


def test_a_digest_stands_behind_every_tag_and_is_renewed(registry: Registry, copy: Path) -> None:
    tags = {image.partition("@")[0] for image in images(copy)}
    for generation in (1, 2):
        registry.generation = generation
        pin(copy, registry.url)

        expected = {"postgres": "library/postgres", "caddy": "library/caddy", "python": "library/python"}
        wanted = set()
        for image in tags:
            name, _, tag = image.partition(":")
            wanted.add(f"{image}@{registry.digest(f'/v2/{expected.get(name, name)}/manifests/{tag}')}")
        assert images(copy) == wanted
        assert all(EXACT_TAG.fullmatch(image) for image in wanted)
    without = (copy / "Dockerfile").read_text("utf-8").replace("\n", " ").split(" ")
    assert [word.partition("@sha256")[0] for word in without] == [
        word.partition("@sha256")[0] for word in DOCKERFILE.replace("\n", " ").split(" ")
    ]


@pytest.mark.parametrize("trouble", ["one is missing", "no digest", "nobody there"])
def test_what_cannot_be_looked_up_changes_nothing_and_says_so(
    trouble: str,
    registry: Registry,
    copy: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if trouble == "one is missing":
        registry.missing = "/postgres/"
    if trouble == "no digest":
        monkeypatch.setattr(registry, "digest", lambda _path: "sha256:short")
    url = "http://127.0.0.1:9" if trouble == "nobody there" else registry.url

    with pytest.raises(SystemExit) as ended:
        pin(copy, url)

    assert ended.value.code == 1
    assert "Could not look up" in capsys.readouterr().err
    assert all((copy / name).read_text("utf-8") == (ROOT / name).read_text("utf-8") for name in FILES)
