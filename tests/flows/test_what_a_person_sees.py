"""The command line as a person meets it: one clear line for a mistake, the exit status, the run history."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.qtickets import QticketsApi
from sandbox.server import Running
from sandbox.world import World
from tests.flows.conftest import Product, make_world

pytestmark = pytest.mark.slow
Serve = Callable[[World], Running[QticketsApi]]
LOAD = ("load", "qtickets", "--days", "3")


def complaint(product: Product, *arguments: str, status: int) -> str:
    """The one line that `zakaz` complains with; nothing on stdout and no traceback."""
    done = product.run(*arguments)
    assert done.returncode == status, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("zakaz: ")]
    assert len(lines) == 1
    return lines[0]


def test_a_missing_token_names_the_setting_and_the_file(product: Product) -> None:
    line = complaint(product, *LOAD, status=2)
    assert "QTICKETS_TOKEN is missing" in line
    assert "secrets/.env.qtickets" in line


def test_a_malformed_setting_is_named_without_its_value(product: Product) -> None:
    product.env |= {"QTICKETS_RATE": "s3cret"}
    line = complaint(product, *LOAD, status=2)
    assert "QTICKETS_RATE" in line
    assert "s3cret" not in line


def test_a_missing_settings_file_is_named(product: Product) -> None:
    assert "nowhere/.env" in complaint(product, *LOAD, "--env", "nowhere/.env", status=2)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("load", "qtickets", "--from", "2026-02-30"), "2026-02-30 is not a date"),
        (("load", "qtickets", "--from", "2026-02-02", "--to", "2026-02-01"), "before it begins"),
        (("load", "qtickets", "--days", "0"), "at least 1"),
        (("load", "qtickets", "--days", "99999"), "at most 1100"),
        (("load", "direct", "--from", "2026-01-01", "--to", "2199-01-01"), "after today"),
        (("backfill", "qtickets", "--from", "2026-01-01", "--to", "2199-01-01"), "after today"),
        (("load", "qtickets", "--from", "0001-01-01"), "nothing before 2000-01-01"),
        (("load", ""), "There is no source"),
        (("quarantine", "list", "--source", "afisha"), "There is no source afisha"),
        (("load", "qtickets", "--days", "3", "--from", "2026-01-01"), "either --days or --from"),
        (("load", "afisha"), "There is no source afisha"),
        (("load",), "SOURCE"),
        (("lode",), "lode"),
        (("quarantine",), "Missing command"),
    ],
)
def test_wrong_usage_is_one_line_and_status_2(product: Product, arguments: tuple[str, ...], words: str) -> None:
    product.env |= {"QTICKETS_TOKEN": "x"}
    assert words in complaint(product, *arguments, status=2)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"QTICKETS_BASE_URL": "nonsense"}, "The setting QTICKETS_BASE_URL is wrong: it is no address"),
        ({"VK_BASE_URL": "http://["}, "The setting VK_BASE_URL is wrong: it is no address"),
        ({"PREFECT_API_URL": "http://["}, "A setting of Prefect is wrong"),
        ({"PREFECT_LOGGING_LEVEL": "loud"}, "A setting of Prefect is wrong"),
    ],
)
def test_a_setting_that_no_program_could_use_is_one_line(
    product: Product, wrong: dict[str, str], words: str
) -> None:
    product.env |= {"QTICKETS_TOKEN": "x", **wrong}
    assert words in complaint(product, *LOAD, status=2)


def test_output_that_cannot_be_written_is_one_line(product: Product) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            product.command("--help"), env=product.env, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60
        )
    assert (done.returncode, done.stderr) == (
        1,
        "zakaz: No space left on device: the output could not be written.\n",
    )


def test_a_wrong_token_is_said_and_recorded(product: Product, serve_world: Serve) -> None:
    running = serve_world(make_world(days=3))
    product.env |= {"QTICKETS_TOKEN": "wrong-token-4711"}
    line = complaint(product, *LOAD, status=1)
    assert "refused" in line
    assert "QTICKETS_TOKEN" in line
    assert "wrong-token-4711" not in line
    assert len(running.app.requests) == 1, "a refused token is not tried twice"
    assert product.last_run()["status"] == "failed"
    assert "QTICKETS_TOKEN" in str(product.last_run()["message"])


def test_an_unreachable_host_is_said_and_recorded(product: Product) -> None:
    product.env |= {"QTICKETS_TOKEN": "x", "QTICKETS_BASE_URL": "http://127.0.0.1:9/api", "HTTP_ATTEMPTS": "2"}
    line = complaint(product, *LOAD, status=1)
    assert "127.0.0.1 cannot be reached" in line
    assert product.last_run()["status"] == "failed"


LOSES_THE_RESULT = """
from prefect import flow_engine
from cli.main import main
propose = flow_engine.propose_state_sync
def without_data(*given, **options):
    state = propose(*given, **options)
    state.data = None if state.is_completed() else state.data
    return state
flow_engine.propose_state_sync = without_data
main()
"""


def test_a_prefect_server_that_loses_what_a_run_did_is_said_and_the_load_is_done(
    product: Product, serve_world: Serve
) -> None:
    """As one does that is asked again since it was slow: it then answers with its own copy of the state."""
    serve_world(make_world(days=3))
    _, errors = product.start(sys.executable, "-c", LOSES_THE_RESULT, *LOAD).communicate(timeout=180)
    assert "zakaz: qtickets: loaded, and recorded in the warehouse. The Prefect server " in errors
    assert "was too busy to say how the run ended." in errors
    assert "Traceback" not in errors
    assert product.last_run()["status"] == "success"


@pytest.mark.parametrize(
    ("fault", "options", "words"),
    [
        ("no_data", {}, "without `data`"),
        ("error_as_page", {}, "without `data`"),
        ("wrong_total", {"by": 1}, "different ones"),
        ("status", {"status": 503}, "HTTP 503"),
    ],
)
def test_a_page_that_is_none_fails_the_run(
    product: Product, serve_world: Serve, fault: str, options: dict[str, object], words: str
) -> None:
    running = serve_world(make_world(days=3))
    running.app.faults.add(fault, times=99, **options)  # type: ignore[arg-type]
    assert words in complaint(product, *LOAD, status=1)
    run = product.last_run()
    assert run["status"] == "failed"
    assert words in str(run["message"])
    assert product.select("SELECT count() FROM stg_qtickets_tickets").item() == 0


def test_broken_records_are_set_aside_with_a_reason_and_the_rest_is_loaded(
    product: Product, serve_world: Serve
) -> None:
    world = make_world(days=3)
    running = serve_world(world)
    product.loaded(*LOAD)
    whole = product.sales()
    with running.app.change() as api:
        paid = [order for order in api.orders if order["payed"] and not order["deleted_at"]]
        paid[0]["baskets"][0]["price"] = -100
        paid[1]["currency_id"] = "GOLD"
        paid[2]["baskets"][0]["id"] = None
        paid[3]["payed_at"] = "2026-02-30T10:00:00+03:00"
    broken = [1, len(paid[1]["baskets"]), 1, len(paid[3]["baskets"])]

    assert f"{sum(broken)} rejected" in product.loaded(*LOAD)

    listed = product.loaded("quarantine", "list")
    for reason in ("price is negative", "currency is not a currency code", "ticket_id is missing",
                   "payed_at is not a date and time with an offset"):  # fmt: skip
        assert reason in " ".join(listed.split())
    rows = product.select("SELECT reason, record_key, record FROM meta_quarantine")
    assert rows.height == sum(broken)
    # Their last good versions stand, that of the ticket without an id as well: its order is known.
    assert product.sales() == whole

    running.app.show(world)
    product.loaded(*LOAD)
    assert product.sales() == whole
    assert product.select("SELECT count() FROM meta_quarantine WHERE record_key != ''").item() == 0


def test_a_source_that_changed_its_columns_fails_the_run(product: Product, serve_world: Serve) -> None:
    running = serve_world(make_world(days=3))
    with running.app.change() as api:
        for order in api.orders:
            del order["currency_id"]
    assert "no longer sends currency" in complaint(product, *LOAD, status=1)
    assert product.last_run()["status"] == "failed"


def test_a_locked_warehouse_names_its_holder(product: Product) -> None:
    product.env |= {"CLICKHOUSE_LOCK_WAIT": "1"}
    holder = product.start(
        *product.command("sql", "SELECT sleepEachRow(1) FROM numbers(600) SETTINGS max_block_size=1")
    )
    while not (product.home / "data" / "warehouse.holder").exists():
        assert holder.poll() is None
        time.sleep(0.05)
    try:
        line = complaint(product, "sql", "SELECT 1", status=1)
        assert f"in use by process {holder.pid}" in line
    finally:
        holder.kill()
        holder.communicate()


def test_a_read_only_warehouse_is_said(product: Product, tmp_path: Path) -> None:
    product.env |= {"CLICKHOUSE_DSN": "chdb:///sys/kernel/warehouse", "QTICKETS_TOKEN": "x"}
    assert "/sys/kernel" in complaint(product, *LOAD, status=1)
    if os.geteuid():
        closed = tmp_path / "closed"
        closed.mkdir(mode=0o555)
        product.env |= {"CLICKHOUSE_DSN": f"chdb://{closed}/warehouse"}
        assert str(closed) in complaint(product, *LOAD, status=1)


def test_made_up_sales_never_mix_with_real_ones(product: Product, serve_world: Serve) -> None:
    serve_world(make_world(days=3))
    product.loaded(*LOAD)
    product.env |= {"QTICKETS_BASE_URL": "https://qtickets.invalid/api/rest/v1"}
    assert "must not be mixed" in complaint(product, *LOAD, status=1)


def test_results_go_to_stdout_and_everything_else_to_stderr(product: Product, serve_world: Serve) -> None:
    serve_world(make_world(days=3))
    done = product.run(*LOAD)
    assert done.stdout.startswith("qtickets 20")
    assert done.stdout.count("\n") == 1
    assert "stg_qtickets_tickets" in done.stderr
    row = product.loaded("sql", "SELECT 1 AS x, toDecimal64('100.5', 2) AS m", "--format", "JSONEachRow")
    assert row == '{"x":1,"m":100.50}\n'
    assert '"status": "success"' in product.loaded("runs", "--json")
    assert "qtickets_loader" in product.loaded("runs")


def test_the_flow_module_does_what_zakaz_load_does(product: Product, serve_world: Serve, tmp_path: Path) -> None:
    running = serve_world(make_world(days=7))
    (tmp_path / "secrets").mkdir()
    secret = tmp_path / "secrets" / ".env.qtickets"
    secret.write_text(f"QTICKETS_TOKEN={product.env.pop('QTICKETS_TOKEN')}\n")
    done = product.run("--env", "secrets/.env.qtickets", "--days", "7", module="flows.qtickets")
    assert done.returncode == 0, done.stderr
    assert len(running.app.requests) > 0
