"""A damaged backup is found out, and nothing of it is kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.errors import WarehouseError
from tasks.load.backup import backup, restore
from tasks.load.warehouse import warehouse
from tasks.settings import Settings
from tests.tasks.load.backups import everything, fill
from tests.tasks.load.engines import values


def largest(folder: Path) -> Path:
    """A file of rows."""
    return max((folder / "data").rglob("*.bin"), key=lambda path: path.stat().st_size)


def flip_a_byte(folder: Path) -> None:
    path = largest(folder)
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 0xFF
    path.write_bytes(body)


def cut_a_file(folder: Path) -> None:
    path = largest(folder)
    path.write_bytes(path.read_bytes()[:-3])


def lose_a_file(folder: Path) -> None:
    largest(folder).unlink()


def cut_the_manifest(folder: Path) -> None:
    path = folder / ".backup"
    path.write_bytes(path.read_bytes()[:700])


def lose_the_manifest(folder: Path) -> None:
    (folder / ".backup").unlink()


@pytest.fixture
def folder(settings: Settings) -> tuple[Settings, Path]:
    """A backup named like the database, and its folder."""
    embedded = settings.clickhouse_dsn.get_secret_value().startswith("chdb:")
    chosen = settings if embedded else settings.model_copy(update={"backup_url": "disk://backups"})
    name = chosen.clickhouse_database
    with warehouse(chosen) as client:
        fill(client)
        root = chosen.backup_url
        if not embedded:
            root = values(client, "SELECT path FROM system.disks WHERE name = 'backups'")[0][0]
    backup(chosen, name)
    return chosen, Path(root) / name


@pytest.mark.parametrize("damage", [flip_a_byte, cut_a_file, lose_a_file, cut_the_manifest, lose_the_manifest])
def test_it_is_refused_and_leaves_nothing(folder: tuple[Settings, Path], damage: Callable[[Path], None]) -> None:
    settings, place = folder
    mine = settings.clickhouse_database
    damage(place)
    with warehouse(settings) as client:
        before = everything(client, mine)

    with pytest.raises(WarehouseError, match=mine) as caught:
        restore(settings, mine, into=f"{mine}_other")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 700

    with warehouse(settings) as client:
        assert (f"{mine}_other",) not in values(client, "SHOW DATABASES")
        assert everything(client, mine) == before
        client.command(f"DROP DATABASE {mine} SYNC")
    with pytest.raises(WarehouseError):
        restore(settings, mine)
    with warehouse(settings) as client:
        assert everything(client, mine) == {}


def test_a_backup_that_was_not_made_here_is_told(folder: tuple[Settings, Path]) -> None:
    settings, place = folder
    with warehouse(settings) as client:
        where = f"File('{place.parent}/{place.name}_foreign')"
        client.command(f"BACKUP DATABASE {settings.clickhouse_database} AS another TO {where}")
    with pytest.raises(WarehouseError, match="It was not made by `zakaz backup`"):
        restore(settings, f"{place.name}_foreign", into="nothing_of_it")
