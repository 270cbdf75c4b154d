"""`make bench-dlt`: Zakaz beside dlt, over the same API and into the same ClickHouse server. `PYTHON` is that of an
environment with dlt, which runs this file as a script: the pipeline imports nothing of the project.

Each load is a process of its own, and what both have in the warehouse is compared. There are no thresholds.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

_ORDER = {"order_id": "id", "currency": "currency_id", "order_deleted_at": "deleted_at"}
_ORDER |= {name: name for name in ("payed", "payed_at", "created_at", "event_id")}
_LINE = {"ticket_id": "id", "ticket_deleted_at": "deleted_at"}
_LINE |= {name: name for name in ("show_id", "price", "quantity", "refunded_at", "refunded_amount")}
_UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")
_TYPES = {"price": "decimal", "refunded_amount": "decimal"}
_TYPES |= {name: "timestamp" for name in (*_ORDER, *_LINE) if name.endswith("_at")}
_BY_DAY = "SELECT toDate({}, 'Europe/Moscow') AS day, count(), sum(price) FROM {} GROUP BY day ORDER BY day"
_COMPARED = (
    _BY_DAY.format("booked_at", "zakaz.stg_qtickets_tickets"),
    _BY_DAY.format("coalesce(payed_at, created_at)", "bench.bench___tickets"),
)


def load_with_dlt(given: dict[str, Any]) -> None:
    """All orders by pages, a row a ticket line with the fields that Zakaz keeps, merged by its number."""
    import dlt
    from dlt.sources.helpers import requests

    def ticket_lines() -> Iterator[list[dict[str, Any]]]:
        page, seen, total = 0, 0, 1
        while seen < total:
            page += 1
            asked = {"page": page, "perPage": given["page_size"], "orderBy[id]": "asc"}
            reply = requests.get(f"{given['url']}/orders", params=asked, headers=given["headers"]).json()
            yield [line for order in reply["data"] for line in _lines(order)]
            seen, total = seen + len(reply["data"]), reply["paging"]["total"]

    columns: Any = {name: {"data_type": kind} for name, kind in _TYPES.items()}
    tickets = dlt.resource(
        ticket_lines, "tickets", write_disposition="merge", primary_key="ticket_id", columns=columns
    )
    destination = dlt.destinations.clickhouse(credentials=given["credentials"])
    dlt.pipeline("bench", given["folder"], destination=destination, dataset_name="bench").run(tickets)


def _lines(order: dict[str, Any]) -> Iterator[dict[str, Any]]:
    utm = order["utm"][0] if order["utm"] and isinstance(order["utm"], list) else order["utm"] or {}
    head = {name: order[key] for name, key in _ORDER.items()} | {name: utm.get(name) for name in _UTM}
    for line in order["baskets"]:
        yield head | {name: line[key] for name, key in _LINE.items()}


def compare(python: str, days: int, scale: float, runs: int, page_size: int) -> None:
    from clickhouse_connect import get_client

    from bench.process import Process, run
    from cli.stand_in import bare_environment, settings_for
    from tasks.window import moscow_today
    from tests.support.clickhouse_server import HOST, clickhouse_server

    today = moscow_today()
    window = (f"--from={today - timedelta(days=days)}", f"--to={today}")
    commands = {
        "Zakaz": [sys.executable, "-m", "cli.main", "load", "qtickets", *window],
        "dlt": [python, __file__, "--pipeline"],
    }
    found: dict[tuple[str, str], list[Process]] = {}
    with tempfile.TemporaryDirectory() as name, _sandbox(days, scale) as served:
        for number in range(runs):
            folder = Path(name, str(number))
            with clickhouse_server(folder / "server", native=True) as server, get_client(dsn=server.dsn) as client:
                client.command("CREATE DATABASE bench")
                place = {"host": HOST, "port": server.native_port, "http_port": server.port, "secure": 0}
                given = {
                    "url": served["qtickets"],
                    "headers": {"Authorization": f"Bearer {served['qtickets_token']}"},
                    "page_size": page_size,
                    "folder": str(folder / "dlt"),
                    "credentials": place | {"username": "default", "password": "", "database": "bench"},
                }
                settings = {
                    "CLICKHOUSE_DSN": server.dsn,
                    "LANDING_URL": str(folder / "landing"),
                    "QTICKETS_PAGE_SIZE": str(page_size),
                    "QTICKETS_RATE": "1000000",
                    # Seats and promo codes, a call each, the pipeline does not load either.
                    "QTICKETS_EXTRAS": "false",
                    "RUNTIME__DLTHUB_TELEMETRY": "false",
                    "BENCH": json.dumps(given),
                }
                environment = bare_environment() | settings_for(served, folder / "token.json") | settings
                for load in ("first load", "unchanged reload"):
                    for who, command in commands.items():
                        found.setdefault((load, who), []).append(run(command, environment))
                    ours, theirs = (client.query(sql).result_rows for sql in _COMPARED)
                    assert ours == theirs, f"after the {load} they have not the same lines and prices by day"
    print(f"Medians of {runs} runs; {sum(row[1] for row in ours):,} ticket lines of {len(ours)} days.\n")
    print(f"{'':<26}{'wall s':>8}{'CPU s':>8}{'peak MB':>9}")
    for (load, who), processes in found.items():
        wall, cpu, peak = (statistics.median(figures) for figures in list(zip(*processes, strict=True))[:3])
        print(f"{load + ', ' + who:<26}{wall:>8.2f}{cpu:>8.2f}{peak:>9.0f}")


@contextmanager
def _sandbox(days: int, scale: float) -> Iterator[dict[str, str]]:
    """Its addresses and tokens."""
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--days", str(days), "--scale", str(scale)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.dlt_load", description="Zakaz beside dlt.")
    parser.add_argument("python", metavar="PYTHON", help="of an environment with dlt")
    parser.add_argument("--runs", type=int, default=3, help="of which medians are shown (default: %(default)s)")
    parser.add_argument("--days", type=int, default=365, help="of orders (default: %(default)s)")
    parser.add_argument("--scale", type=float, default=1.3, help="1 is 120 orders a day (default: %(default)s)")
    parser.add_argument("--page-size", type=int, default=100, help="orders a page (default: %(default)s)")
    compare(**vars(parser.parse_args()))


if __name__ == "__main__":
    if sys.argv[1:] == ["--pipeline"]:
        load_with_dlt(json.loads(os.environ["BENCH"]))
    else:
        main()
