"""The embedded engine is started as seldom as can be, keeps nobody out meanwhile, and leaves no rubbish behind."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from filelock import FileLock, Timeout

from tasks.load.warehouse import kept_open, lent, let_go, warehouse
from tasks.settings import Settings
from tests.support.product import Product


def is_free(folder: Path) -> bool:
    try:
        with FileLock(f"{folder}.lock", timeout=0):
            return True
    except Timeout:
        return False


def test_what_is_kept_open_is_the_same_until_it_is_let_go(
    make_settings: Callable[..., Settings], tmp_path: Path
) -> None:
    settings, folder = make_settings(), tmp_path / "warehouse"
    with kept_open(settings):
        with warehouse(settings) as first:
            pass
        with warehouse(settings) as again, warehouse(settings) as within:
            assert first is again is within and not is_free(folder)
            let_go(settings)
            assert is_free(folder), "while a source is asked, by somebody within the block"
        with warehouse(settings) as anew:
            assert anew is not first and anew.command("SELECT 1") == 1
    assert is_free(folder)
    let_go(settings)  # Nothing is kept.

    with kept_open(settings), warehouse(settings):
        with pytest.raises(ZeroDivisionError), lent(settings):
            raise ZeroDivisionError
        assert is_free(folder), "a source that failed may be asked again after a pause"


def test_a_process_leaves_no_parts_that_were_merged_into_others(make_settings: Callable[..., Settings]) -> None:
    """The engine removes them after half a minute, and no load lives so long."""
    settings = make_settings()
    parts = "SELECT count() FROM system.parts WHERE table = 't'"
    with warehouse(settings) as client:
        client.command("CREATE TABLE t (day Date, n Int8) ENGINE = MergeTree PARTITION BY toYYYYMM(day) ORDER BY n")
        for n in range(3):
            client.command(f"INSERT INTO t VALUES ('2026-01-01', {n}), ('2026-02-01', {n})")
        client.command("OPTIMIZE TABLE t FINAL")
        assert client.command(parts) > 2, "else the engine removes them by itself"
        with ThreadPoolExecutor() as pool:
            pool.submit(Product(settings).select, "SELECT 1").result()
        assert client.command(parts) > 2, "to remove them breaks off a merge that somebody waits for"

    with warehouse(settings) as client:
        assert (client.command(parts), client.command("SELECT sum(n) FROM t")) == (2, 6)
