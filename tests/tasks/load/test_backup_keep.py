"""The newest backups stay, and everything that is not a backup made by the clock."""

from __future__ import annotations

from pathlib import Path

from tasks.load.backup_keep import prune


def made(folder: Path, name: str) -> str:
    (folder / name).mkdir()
    (folder / name / ".backup").write_text("<config/>")
    return name


def test_the_newest_stay_and_what_a_person_named_or_put_there_does(tmp_path: Path) -> None:
    days = [made(tmp_path, f"zakaz-202611{day:02}T023000Z") for day in range(1, 8)]
    kept = [made(tmp_path, "before-the-upgrade")]
    (tmp_path / "zakaz-20250101T023000Z").mkdir()  # no manifest: one that is being written, or a stranger's
    (tmp_path / "notes.txt").write_text("mine")

    assert prune(tmp_path, 3) == days[:4]

    left = {path.name for path in tmp_path.iterdir()}
    assert left == {*days[4:], *kept, "zakaz-20250101T023000Z", "notes.txt"}
    assert prune(tmp_path, 3) == []


def test_a_folder_that_is_not_there_holds_nothing_to_remove(tmp_path: Path) -> None:
    assert prune(tmp_path / "none", 1) == []
