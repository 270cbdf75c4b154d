"""The engine is fetched once, by whichever npm works, and never with other content than expected."""

import base64
import hashlib
import io
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.support import clickhouse_library as library

ENGINE = b"the engine"


@pytest.fixture(autouse=True)
def supported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "is_supported", lambda: True)


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small package, expected by its checksum."""
    path = tmp_path / "package.tar.gz"
    with tarfile.open(path, "w:gz") as package:
        member = tarfile.TarInfo("package/libchdb.so")
        member.size = len(ENGINE)
        package.addfile(member, io.BytesIO(ENGINE))
    digest = base64.b64encode(hashlib.sha512(path.read_bytes()).digest()).decode()
    monkeypatch.setattr(library, "INTEGRITY", f"sha512-{digest}")
    return path


def npm_that_brings(archive: Path) -> list[str]:
    copy = f"import shutil; shutil.copy({str(archive)!r}, 'package.tgz')"
    return [sys.executable, "-c", copy]


def npm_that_fails() -> list[str]:
    return [sys.executable, "-c", "import sys; sys.exit('no route to the registry')"]


def test_a_second_npm_is_tried_where_the_first_fails(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library, "npm_commands", lambda: [npm_that_fails(), npm_that_brings(archive)])

    assert library.library_path(tmp_path / "cache").read_bytes() == ENGINE


def test_a_later_run_fetches_nothing(archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "npm_commands", lambda: [npm_that_brings(archive)])
    first = library.library_path(tmp_path / "cache")
    monkeypatch.setattr(library, "npm_commands", list)

    assert library.library_path(tmp_path / "cache") == first


def test_another_content_is_refused_and_leaves_nothing(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library, "npm_commands", lambda: [npm_that_brings(archive)])
    archive.write_bytes(archive.read_bytes() + b"!")

    with pytest.raises(library.ClickHouseUnavailableError, match="checksum"):
        library.library_path(tmp_path / "cache")
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [f"{library.VERSION}.lock"]


def test_what_each_npm_said_is_in_the_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "npm_commands", lambda: [npm_that_fails()])

    with pytest.raises(library.ClickHouseUnavailableError, match="no route to the registry"):
        library.library_path(tmp_path / "cache")


def test_the_development_dependencies_bring_an_npm_that_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")

    (command,) = library.npm_commands()

    done = subprocess.run([*command, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.split(".")[0].isdigit()


def test_elsewhere_than_on_linux_the_error_names_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library, "is_supported", lambda: False)

    with pytest.raises(library.ClickHouseUnavailableError, match="ZAKAZ_TEST_CLICKHOUSE_DSN"):
        library.library_path(tmp_path)
