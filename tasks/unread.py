"""What somebody wrote and nobody reads for its name, and the nearest right name: files, settings, parameters.

Looks and says, and decides nothing: which files are read is for `tasks.settings`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from pathlib import Path

OWN_FILES = ("README.md", "access.env", "prefect.env")
"""In secrets/, read by others than the settings."""
COPIES = {"backup", "bak", "copy", "disabled", "doc", "env", "example", "off", "old", "orig", "sample", "save"}
COPIES |= {"swp", "tmp", "txt"}
"""`secrets/.env.vk.old` is somebody's copy, and no account."""
_NO_ACCOUNTS = ("ads", "main")
"""`vk_ads` is the source itself, whose account `main` has no more in its file's name."""
_PARAMETER = re.compile(r"(?m)^-- param: (\w+)")
_SURELY = 0.9
"""Likeness of a name in the environment, where most names are other programs'."""


def did_you_mean(name: str, known: Collection[str], likeness: float = 0.6) -> str:
    """`; did you mean VK_TOKEN?`, or nothing where no name is near."""
    return _meant(*difflib.get_close_matches(name, known, 1, likeness))


def is_near(written: str, right: str, known: Collection[str]) -> bool:
    """Whether of all that is known `right` is what was meant."""
    return difflib.get_close_matches(written.upper(), known, 1) == [right]


def _meant(right: Path | str = "") -> str:
    return f"; did you mean {right}?" if right else ""


def files_not_read(home: Path, words: Collection[str], read: Collection[Path]) -> Iterator[str]:
    """Files that look like a token file: in secrets/ with another name, or with the right name in another folder.
    `words`: by which token files are named, `vk` of `.env.vk`."""
    secrets = home / "secrets"
    for file in _files(secrets):
        if file in read or file.name in OWN_FILES or file.suffix in (".json", ".lock", ".sample"):
            continue
        right = _right_name(file.name, words)
        # Beside the right one it may well be a copy; alone it is meant to be the right one.
        near = "" if (secrets / right).exists() else _meant(right)
        if file.name.startswith(".env."):
            yield f"{file} is taken for a copy and not read{near}"
        elif near:
            yield f"{file} is not read{near}"
    for folder in (home, home / "configs"):
        for file in _files(folder):
            if file.name.startswith(".env.") and file.suffix != ".sample" and file not in read:
                yield f"{file} is not read{_meant(secrets / file.name)}"


def is_meant(name: str, words: Collection[str]) -> str:
    """`; did you mean .env.vk.spb?` of `.env.vk_spb`; nothing where no word of a source is near."""
    right = _right_name(name, words)
    return "" if right == name else _meant(right)


def _right_name(name: str, words: Collection[str]) -> str:
    """`.env.vk.spb` of `vk.SPB.env`; empty where no word of a source is in it."""
    parts = [part for part in re.split(r"[.~ _]+", name.lower()) if part not in ("", "env")]
    near = difflib.get_close_matches(parts[0], words, 1, 0.5) if parts else []
    accounts = [part for part in parts[1:2] if part not in (*COPIES, *_NO_ACCOUNTS)]
    return ".".join([".env", *near, *accounts]) if near else ""


def names_not_read(environment: Collection[str], known: frozenset[str]) -> Iterator[str]:
    """Of the environment those that are nearly a setting's."""
    for name in environment:
        if near := _nearly(name.upper(), known):
            yield f"{name} of the environment is no setting and not read{near}"


@cache
def _nearly(name: str, known: frozenset[str]) -> str:
    """Kept, since settings are read many times in a process."""
    return "" if name in known else did_you_mean(name, sorted(known), _SURELY)


def parameters_not_read(given: Mapping[str, Mapping[str, float]], *folders: Path) -> Iterator[str]:
    """Of QUALITY_PARAMETERS. `folders`: of the files that have parameters."""
    files = {file.stem: file for folder in folders for file in folder.glob("*.sql")}
    for check, parameters in given.items():
        if check not in files:
            yield f"QUALITY_PARAMETERS: there is no check {check}{did_you_mean(check, files)}"
            continue
        known = _PARAMETER.findall(files[check].read_text("utf-8", "replace"))
        for name in parameters:
            if name not in known:
                yield f"QUALITY_PARAMETERS: {check} has no parameter {name}{did_you_mean(name, known)}"


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.is_file())
    except OSError:
        return []
