"""When commands look at the demo: by the folders of both warehouses, without an engine."""

import os
from pathlib import Path

import pytest
from pydantic import SecretStr

from cli import stand_in
from cli.commands import app
from tasks.errors import UsageError
from tasks.settings import Settings


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of one's own warehouse, beside that of a demo; neither is there yet."""
    own = tmp_path / "data" / "warehouse"
    monkeypatch.setattr(os, "environ", os.environ | {"CLICKHOUSE_DSN": f"chdb://{own}"})
    monkeypatch.setattr(Settings.model_fields["clickhouse_dsn"], "default", SecretStr(f"chdb://{own}"))
    monkeypatch.setattr(stand_in, "DEMO_HOME", tmp_path / "demo")
    return own


def make_demo() -> None:
    (stand_in.DEMO_HOME / "warehouse").mkdir(parents=True)


def test_without_a_demo_there_is_only_ones_own(own: Path) -> None:
    assert not stand_in.show_demo_instead_of_nothing()


def test_a_demo_that_was_not_finished_is_to_be_made_again(own: Path) -> None:
    make_demo()

    with pytest.raises(UsageError, match=r"not finished\. Start `zakaz demo`"):
        stand_in.show_demo_instead_of_nothing()


@pytest.mark.parametrize(
    ("left", "shown"),
    [
        (".", True),
        ("data/zakaz", True),
        ("data/zakaz/meta_job_runs/detached", True),
        ("data/other/meta_job_runs/202611_1_10_8", True),
        ("data/zakaz/meta_job_runs/202611_1_10_8", False),
        ("data/zakaz/meta_job_runs/all_1_1_0_7", False),
    ],
)
def test_a_demo_is_shown_until_a_run_is_recorded(own: Path, left: str, shown: bool) -> None:
    make_demo()
    page = stand_in.DEMO_HOME / stand_in.DEMO_PAGE
    page.parent.mkdir()
    page.touch()
    (own / left).mkdir(parents=True)

    assert stand_in.show_demo_instead_of_nothing() is shown
    assert (os.environ["CLICKHOUSE_DSN"] == f"chdb://{stand_in.DEMO_HOME / 'warehouse'}") is shown


def test_figures_are_the_demos_until_a_load_of_ones_own_has_brought_some(own: Path) -> None:
    make_demo()
    page = stand_in.DEMO_HOME / stand_in.DEMO_PAGE
    page.parent.mkdir()
    page.touch()
    for table, shown in (("meta_job_runs", True), ("agg_marketing_daily", False)):
        (own / "data" / "zakaz" / table / "202611_1_10_8").mkdir(parents=True)
        assert stand_in.show_demo_instead_of_nothing("agg_") is shown
        os.environ["CLICKHOUSE_DSN"] = f"chdb://{own}"


def test_a_command_of_a_group_looks_where_its_own_file_says(
    own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_demo()
    page = stand_in.DEMO_HOME / stand_in.DEMO_PAGE
    page.parent.mkdir()
    page.touch()
    file = tmp_path / "other.env"
    file.write_text(f"CLICKHOUSE_DSN=chdb://{tmp_path}/other\n")
    del os.environ["CLICKHOUSE_DSN"]

    for words in (["findings", "--env", str(file)], ["--env", str(file), "findings"]):
        app(args=["quality", *words], standalone_mode=False)
        assert f"{tmp_path}/other" in capsys.readouterr().err
