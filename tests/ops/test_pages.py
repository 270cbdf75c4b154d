"""What README.md and docs/operations.md tell people to run, set and open is there, under these names."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from functools import cache
from typing import Any

import pytest
import typer.main

from cli.commands import app
from tests.ops.files import ROOT, SERVICES, setting_names, variables
from tests.ops.pages import Page, deployments, flow_of, page

PAGES = [page(name) for name in ("README.md", "docs/operations.md", "docs/operations.ru.md")]
ALL = pytest.mark.parametrize("told", PAGES, ids=lambda told: told.path.name)

# Read by Docker Compose itself; before there are settings.
OTHER_NAMES = {"COMPOSE_PROFILES", "ZAKAZ_ENV"}
# Of the earlier loaders.
ELSEWHERE = {"loader.py", "smoke_test_integrations.py"}
FOLDERS = "configs|docs|flows|ops|sandbox|secrets|sql|tasks|tests|validation"
FILE = re.compile(rf"(?:{FOLDERS})/\S*|[\w-]+\.(?:md|yaml|py|txt|toml)|Makefile|Dockerfile")


def of_commands(*names: str) -> Any:
    command: Any = typer.main.get_command(app)
    for name in names:
        command = command.commands[name]
    return command


@ALL
def test_commands_of_zakaz_exist_with_these_options(told: Page) -> None:
    ours = [command.split() for command in told.commands() if command.startswith("zakaz ")]

    assert len(ours) > 15
    for _, name, *rest in ours:
        options = {word.strip("[]") for word in rest if word.startswith(("--", "[--"))}
        if name == "sandbox":
            ask = [sys.executable, "-m", "sandbox", "--help"]
            done = subprocess.run(ask, capture_output=True, text=True, cwd=ROOT)
            assert all(option in done.stdout for option in options)
            continue
        group = of_commands(name)
        command = of_commands(name, rest[0]) if hasattr(group, "commands") else group
        known = {option for parameter in command.params for option in parameter.opts}
        assert options <= known, (name, rest)


@ALL
def test_prefect_make_and_python_are_told_what_they_know(told: Page) -> None:
    targets = set(re.findall(r"(?m)^([a-z]+):", (ROOT / "Makefile").read_text("utf-8")))
    for command in told.commands():
        program, *words = command.split()
        if program == "make":
            assert words[0] in targets, command
        if program == "python" and words[0] == "-m":
            assert (ROOT / f"{words[1].replace('.', '/')}.py").is_file(), command
        if command.startswith("prefect deployment run "):
            taken = inspect.signature(flow_of(deployments()[words[2]]).fn).parameters
            assert {word.partition("=")[0] for word in words if "=" in word} <= set(taken), command


@cache
def help_of_prefect(*words: str) -> str:
    """Nothing where there is no such command."""
    done = subprocess.run([sys.executable, "-m", "prefect", *words, "--help"], capture_output=True, text=True)
    return "" if done.returncode else done.stdout


@ALL
def test_prefect_has_the_commands_and_options(told: Page) -> None:
    given = {command for command in told.commands() if command.startswith("prefect ")}
    shapes: dict[tuple[str, ...], set[str]] = {}
    for command in given:
        words = command.split()[1:]
        shapes.setdefault(tuple(words[:2]), set()).update(word for word in words if word.startswith("--"))

    for name, options in shapes.items():
        shown = help_of_prefect(*name)
        assert shown and all(option in shown for option in options), name


@ALL
def test_containers_and_profiles_are_those_of_compose(told: Page) -> None:
    for command in (part for part in [*told.names, *(text for _, text in told.blocks)] if "docker compose" in part):
        named = re.findall(r"docker compose (?:exec|run)(?: --\S+(?: \w+=\S+)?)* (\w+)", command)
        named += re.findall(r"--scale (\w+)=", command)
        for words in re.findall(r"docker compose logs(?: --\S+)*((?: \w+)+)", command):
            named += words.split()
        assert set(named) <= set(SERVICES), command
    profiles = {profile for service in SERVICES.values() for profile in service.get("profiles", [])}
    assert set(re.findall(r"COMPOSE_PROFILES=(\w+)", told.text)) <= profiles


@ALL
def test_names_of_settings_are_read_by_something(told: Page) -> None:
    known = setting_names() | {variable.name for variable in variables()} | OTHER_NAMES
    spans = [*told.names, *(text for _, text in told.blocks)]
    names = {name for span in spans for name in re.findall(r"(?<![\w.-])[A-Z][A-Z0-9]*(?:_[A-Z0-9*]+)+", span)}

    assert "CLICKHOUSE_DSN" in names
    for name in names:
        if name.endswith("*"):
            assert any(other.startswith(name[:-1]) for other in known), name
        else:
            assert name in known, name


@ALL
def test_files_that_are_named_are_there(told: Page) -> None:
    spans = [*told.names, *(text for kind, text in told.blocks if kind == "console")]
    words = {word.rstrip(".,:;") for span in spans for word in span.split()}
    files = {word for word in words if FILE.fullmatch(word) and word not in ELSEWHERE}
    files |= {f"{told.path.parent.relative_to(ROOT)}/{link}" for link in told.links if "://" not in link}

    assert len(files) > 3
    for file in files:
        assert _is_there(file), file


def _is_there(file: str) -> bool:
    """Of secrets/ it is the sample that must be there, but for what Zakaz makes itself."""
    if secret := re.fullmatch(r"secrets/(\.env\.\S+|access\.env)", file):
        return bool(list((ROOT / "configs").glob(f"{secret[1].replace('$s', '*')}.sample")))
    if file.startswith("secrets/"):
        return file in ("secrets/", "secrets/vk_token.json", "secrets/prefect.env")
    return bool(list(ROOT.glob(file.rstrip("/").replace("$s", "*"))))
