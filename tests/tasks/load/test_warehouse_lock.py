"""One process at a time uses the embedded warehouse: the next one waits, and then says for whom it waited."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tasks.errors import WarehouseError
from tasks.load.migrate import migrate
from tasks.load.warehouse import warehouse
from tasks.settings import Settings
from tests.tasks.load.engines import values
from tests.tasks.load.processes import SECONDS, finish, start
from tests.tasks.load.tickets import ids, load, ticket

pytestmark = pytest.mark.slow

# Uses the warehouse until its standard input ends.
HOLD = """
import sys
from tasks.load.warehouse import warehouse
from tasks.settings import load_settings
with warehouse(load_settings()) as client:
    print(client.command("SELECT 1"), flush=True)
    sys.stdin.read()
"""
# Says what it was told, or what was wrong.
ASK = """
import sys
from tasks.errors import ZakazError
from tasks.load.warehouse import warehouse
from tasks.settings import load_settings
try:
    with warehouse(load_settings()) as client:
        print(client.command("SELECT count() FROM stg_qtickets_tickets"))
except ZakazError as error:
    print(f"zakaz: {error}", file=sys.stderr)
    sys.exit(error.exit_status)
"""


@contextmanager
def holding(folder: Path, settings: Settings, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Another process, `zakaz` with these arguments, that is in the warehouse."""
    process = start(folder, HOLD, settings, *arguments)
    try:
        assert process.stdout and process.stdout.readline() == "1\n", process.communicate()
        yield process
    finally:
        process.kill()
        process.communicate(timeout=SECONDS)


def test_a_second_process_waits_and_then_names_the_first_in_one_line(
    make_settings: Callable[..., Settings], tmp_path: Path
) -> None:
    settings = make_settings(clickhouse_lock_wait=0.5)
    with holding(tmp_path, settings, "load", "qtickets", "--days", "7") as holder:
        begun = time.monotonic()
        with pytest.raises(WarehouseError) as refusal, warehouse(settings):
            pass

    text = str(refusal.value)
    assert f"is in use by process {holder.pid} (zakaz load qtickets), since " in text
    assert "Waited 0.5 s" in text
    assert "\n" not in text
    assert time.monotonic() - begun >= 0.5


def test_a_command_line_says_so_and_fails(make_settings: Callable[..., Settings], tmp_path: Path) -> None:
    settings = make_settings(clickhouse_lock_wait=0.2)
    with holding(tmp_path, settings, "load", "qtickets"):
        asking = start(tmp_path, ASK, settings, name="ask")
        out, err = asking.communicate(timeout=SECONDS)

    assert (asking.returncode, out) == (1, "")
    assert err.startswith("zakaz: The warehouse ")
    assert err.count("\n") == 1


def test_the_text_of_a_statement_is_told_to_nobody(make_settings: Callable[..., Settings], tmp_path: Path) -> None:
    settings = make_settings(clickhouse_lock_wait=0)
    with (
        holding(tmp_path, settings, "sql", "CREATE USER u\nIDENTIFIED BY 'hidden'"),
        pytest.raises(WarehouseError, match=r" \(zakaz sql\), since ") as refusal,
        warehouse(settings),
    ):
        pass

    assert "hidden" not in str(refusal.value)
    assert not any(b"hidden" in path.read_bytes() for path in tmp_path.glob("warehouse*") if path.is_file())


def test_who_waits_gets_in_when_the_first_is_done(make_settings: Callable[..., Settings], tmp_path: Path) -> None:
    settings = make_settings(clickhouse_lock_wait=SECONDS)
    with warehouse(settings) as client:
        migrate(client)
        asking = start(tmp_path, ASK, settings, name="ask")
        time.sleep(2)
        assert asking.poll() is None
        load(client, [ticket(1), ticket(2)], version=1)

    assert finish(asking) == "2\n"


def test_the_lock_of_a_killed_process_is_free(make_settings: Callable[..., Settings], tmp_path: Path) -> None:
    settings = make_settings(clickhouse_lock_wait=5)
    with holding(tmp_path, settings) as holder:
        holder.send_signal(signal.SIGKILL)
        holder.wait(SECONDS)

        with warehouse(settings) as client:
            assert migrate(client)


def test_a_killed_process_is_not_named_for_the_one_that_came_after(
    make_settings: Callable[..., Settings], tmp_path: Path
) -> None:
    settings = make_settings(clickhouse_lock_wait=0)
    with holding(tmp_path, settings, "load", "dead") as dead:
        dead.send_signal(signal.SIGKILL)
        dead.wait(SECONDS)
    with (
        holding(tmp_path, settings, "load", "living"),
        pytest.raises(WarehouseError, match="zakaz load living"),
        warehouse(settings),
    ):
        pass


def test_a_run_whose_step_uses_the_warehouse_again_does_not_wait_for_itself(
    make_settings: Callable[..., Settings],
) -> None:
    settings = make_settings(clickhouse_lock_wait=0)
    with warehouse(settings) as outer:
        migrate(outer)
        with warehouse(settings) as inner:
            load(inner, [ticket(1)], version=1)
        assert ids(outer) == [1]
        with warehouse(settings) as inner:
            assert ids(inner) == [1]


def test_a_step_that_failed_inside_leaves_the_lock_to_the_run_and_the_run_frees_it(
    make_settings: Callable[..., Settings], tmp_path: Path
) -> None:
    settings = make_settings(clickhouse_lock_wait=0)
    with pytest.raises(ZeroDivisionError), warehouse(settings) as outer:
        migrate(outer)
        with pytest.raises(KeyError), warehouse(settings):
            raise KeyError
        asking = start(tmp_path, ASK, settings, name="ask")
        assert "in use by process " + str(os.getpid()) in asking.communicate(timeout=SECONDS)[1]
        raise ZeroDivisionError

    assert finish(start(tmp_path, ASK, settings, name="ask")) == "0\n"


def test_the_folder_may_have_any_name(make_settings: Callable[..., Settings], tmp_path: Path) -> None:
    folder = tmp_path / "Мои документы #1 (100%25)" / "склад & co"
    settings = make_settings(clickhouse_dsn=f"chdb://{folder}")
    with warehouse(settings) as client:
        migrate(client)
    with warehouse(settings) as client:
        assert values(client, "SELECT count() > 0 FROM meta_migrations") == [(1,)]
    assert (folder / "store").is_dir()
