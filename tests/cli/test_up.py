"""`zakaz up`, what needs no server."""

from pathlib import Path

import pytest

from cli import machine


def test_a_start_without_a_port_takes_that_of_the_start_before(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "secrets" / "prefect.env"
    monkeypatch.setattr(machine, "_SIGN_IN", file)
    assert machine._last_port() == 4200

    machine.keep_sign_in(file, {"PREFECT_API_URL": "http://127.0.0.1:4377/api"})

    assert machine._last_port() == 4377
