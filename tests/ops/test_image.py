"""The image: an exact base, nobody's root, nothing in it but the program, and all of the program."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.ops.files import DOCKERFILE, EXACT_TAG, ROOT

WHEEL = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"]
LET_IN = {
    line.removeprefix("!") for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line[:1] == "!"
}


def instructions(word: str) -> list[str]:
    joined = re.sub(r"\\\n", " ", re.sub(r"(?m)^\s*#.*\n", "", DOCKERFILE))
    return re.findall(rf"(?m)^{word} (.*)$", joined)


def test_both_stages_are_on_one_exact_base() -> None:
    bases = {text.split()[0] for text in instructions("FROM")}

    assert len(bases) == 1
    assert EXACT_TAG.fullmatch(bases.pop())


def test_it_runs_as_a_user_with_a_fixed_number_that_is_not_root() -> None:
    user, group = instructions("USER")[-1].split(":")

    assert int(user) >= 10_000 and int(group) >= 10_000
    assert f"--uid {user}" in DOCKERFILE and f"--gid {group}" in DOCKERFILE


def test_no_secret_is_given_to_a_build() -> None:
    for text in [*instructions("ARG"), *instructions("ENV")]:
        assert not re.search(r"PASSWORD|TOKEN|SECRET|DSN", text)


def test_the_build_sees_what_the_wheel_is_made_of_and_nothing_else() -> None:
    assert (ROOT / ".dockerignore").read_text("utf-8").splitlines()[1] == "*"
    needed = {
        *WHEEL["packages"],
        *WHEEL["force-include"],
        "pyproject.toml",
        "requirements",
        "README.md",
        "LICENSE",
    }

    assert needed == LET_IN
    assert not LET_IN & {"secrets", "data", "configs", ".git", ".env"}


@pytest.mark.slow
def test_an_installed_wheel_knows_its_deployments_and_its_sql(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*build, "--wheel-dir", str(tmp_path), str(ROOT)], check=True, cwd=tmp_path, capture_output=True)
    with zipfile.ZipFile(next(tmp_path.glob("zakaz-*.whl"))) as wheel:
        wheel.extractall(tmp_path / "installed")

    ask = (
        "from ops.server import manifest; from tasks.load.sql import sql_files\n"
        "print(manifest.PREFECT_YAML, manifest.AUTOMATIONS_YAML)\n"
        "print(len(manifest.read(manifest.PREFECT_YAML)['deployments']))\n"
        "print(len(manifest.read(manifest.AUTOMATIONS_YAML)['automations']))\n"
        "print(*(file.name for file in sql_files('access')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", ask],
        env={"PYTHONPATH": str(tmp_path / "installed"), "PATH": ""},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )

    files, deployments, automations, access = done.stdout.splitlines()
    assert files == f"{tmp_path}/installed/prefect.yaml {tmp_path}/installed/automations.yaml"
    assert int(deployments) == (ROOT / "prefect.yaml").read_text("utf-8").count("\n  - name: ")
    assert int(automations) == (ROOT / "automations.yaml").read_text("utf-8").count("\n  - name: ")
    assert access.split() == ["backup_user", "datalens_reader", "etl_writer"]
