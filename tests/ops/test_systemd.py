"""The units for servers without containers: they parse, run as nobody's root, and see only their own folder."""

from __future__ import annotations

import configparser
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ops.files import ROOT, sample, setting_names

FOLDER = ROOT / "ops" / "systemd"
UNITS = sorted(FOLDER.glob("*.service"))
OPTIONS_OF = {
    ("/opt/zakaz/bin/python", "-m"): ["ops.server.serve"],
    ("/opt/zakaz/bin/zakaz", "worker"): ["prefect", "worker", "start"],
}
"""What a unit may start, and the module whose options it takes."""
HARDENED = {
    "NoNewPrivileges": "true",
    "ProtectSystem": "strict",
    "ProtectHome": "true",
    "PrivateTmp": "true",
    "ReadWritePaths": "/var/lib/zakaz",
    "CapabilityBoundingSet": "",
}


def service(unit: Path) -> configparser.SectionProxy:
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string(unit.read_text("utf-8"))
    assert parser["Install"]["WantedBy"] == "multi-user.target"
    return parser["Service"]


def test_there_is_one_for_the_server_and_one_for_workers() -> None:
    assert [unit.name for unit in UNITS] == ["zakaz-prefect.service", "zakaz-worker@.service"]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_it_runs_as_a_user_of_its_own_and_writes_to_one_folder(unit: Path) -> None:
    declared = service(unit)

    assert declared["User"] == "zakaz"
    assert {name: declared[name] for name in HARDENED} == HARDENED
    assert declared["Restart"] == "always"
    assert declared["EnvironmentFile"] == "/etc/zakaz/zakaz.env"


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_it_starts_what_is_installed(unit: Path) -> None:
    program, *arguments = shlex.split(service(unit)["ExecStart"])

    asked = OPTIONS_OF[program, arguments[0]]
    done = subprocess.run([sys.executable, "-m", *asked, "--help"], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0
    for option in (argument for argument in arguments if argument.startswith("--")):
        assert option in done.stdout


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze")
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_has_nothing_to_say_against_it(unit: Path, tmp_path: Path) -> None:
    copy = tmp_path / unit.name
    copy.write_text(re.sub(r"/opt/zakaz/bin/\w+", shutil.which("true") or "", unit.read_text("utf-8")))

    done = subprocess.run(["systemd-analyze", "verify", str(copy)], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_sample_names_settings_and_leaves_secrets_empty() -> None:
    given, optional = sample("ops/systemd/zakaz.env.sample")

    assert set(given) | set(optional) <= setting_names() | {"ZAKAZ_HOME", "DO_NOT_TRACK"}
    assert {name for name, value in given.items() if not value} == {
        "PREFECT_SERVER_API_AUTH_STRING",
        "PREFECT_API_AUTH_STRING",
    }
    assert not [name for name in given if re.search("PASSWORD|TOKEN|DSN", name)]
