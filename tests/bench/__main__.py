"""`make bench`: a million ticket lines (`all N`: N of them) from landed parts to the warehouse, beside a plain insert.

Ratios within one run, no thresholds: absolute figures belong to the machine. Each measurement is a process of its
own, so that peak memory is its own too.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

ROWS = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
AS_OF = datetime(2026, 11, 1, tzinfo=UTC)
DAYS = 365


def raw_orders(rows: int) -> pl.DataFrame:
    """Raw ticket lines as they land: text, two a order, over a year."""
    random = np.random.default_rng(7)
    number = pl.int_range(rows, eager=True)
    moment = pl.Series(np.sort(random.integers(0, DAYS * 86_400, rows)))
    created = (pl.lit(AS_OF - timedelta(days=DAYS)) + pl.duration(seconds=pl.col("moment"))).dt.strftime(
        "%Y-%m-%dT%H:%M:%S+00:00"
    )
    price = pl.Series(random.integers(0, 500_000, rows))
    frame = pl.DataFrame(
        {"number": number, "moment": moment, "kopecks": price, "event": random.integers(1, 60, rows)}
    )
    text = {
        "payed": "true",
        "currency": "RUB",
        "quantity": "1",
        "price_is_for": "unit",
        "utm_source": "yandex",
        "utm_medium": "cpc",
    }
    empty = """order_deleted_at ticket_deleted_at refunded_at refunded_amount utm_term order_price order_original_price
    original_price""".split()
    return frame.select(
        (pl.col("number") + 10_000_000).cast(pl.String).alias("ticket_id"),
        (pl.col("number") // 2 + 1_000_000).cast(pl.String).alias("order_id"),
        pl.col("event").cast(pl.String).alias("event_id"),
        pl.col("event").cast(pl.String).alias("show_id"),
        (pl.col("kopecks").cast(pl.Decimal(18, 2)) / 100).cast(pl.Decimal(18, 2)).cast(pl.String).alias("price"),
        created.alias("created_at"),
        created.alias("payed_at"),
        pl.col("number").mod(500).cast(pl.String).alias("utm_campaign"),
        pl.col("number").mod(5000).cast(pl.String).alias("utm_content"),
        *(pl.lit(value).alias(name) for name, value in text.items()),
        *(pl.lit(None, pl.String).alias(name) for name in empty),
    )


def prepare(folder: Path) -> None:
    frame = raw_orders(ROWS)
    for number, part in enumerate(frame.iter_slices(100_000)):
        part.write_parquet(folder / f"part-{number:05}.parquet")


def measure(what: str, folder: Path) -> dict[str, float]:
    """Run in a process of its own: seconds and peak memory of one route."""
    from tasks.load.frames import insert
    from tasks.load.mart import restate
    from tasks.load.migrate import migrate
    from tasks.load.tables import Mart
    from tasks.load.upsert import merge, upsert
    from tasks.load.warehouse import warehouse
    from tasks.settings import MAIN, Settings
    from tasks.sources.qtickets import SALES, TICKETS
    from tasks.transform.qtickets import tickets
    from tasks.window import Window
    from validation.qtickets import raw_orders as raw_schema
    from validation.qtickets import tickets as fact_schema
    from validation.split import split

    settings = Settings(_env_file=None, clickhouse_dsn=f"chdb://{folder / what.split(maxsplit=1)[0]}")
    scope = TICKETS.scope(MAIN, Window.trailing(DAYS + 1, AS_OF.date()), AS_OF)
    account, version = pl.lit(MAIN).alias("account"), int(AS_OF.timestamp() * 1000)
    seconds: dict[str, float] = {}

    def timed(name: str, step: Callable[[], object]) -> object:
        begun = time.perf_counter()
        result = step()
        seconds[name] = time.perf_counter() - begun
        return result

    with warehouse(settings) as client:
        migrate(client)
        read = lambda: pl.concat([pl.read_parquet(p) for p in sorted(folder.glob("*.parquet"))])  # noqa: E731
        if what == "plain":
            facts = tickets(read()).with_columns(account, pl.lit(version, pl.UInt64).alias("_ver"))
            timed("plain insert", lambda: insert(client, TICKETS.name, facts))
        else:
            raw = timed("read parts", read)
            valid = timed("validate raw", lambda: split(raw, raw_schema).valid)
            facts = timed("transform", lambda: tickets(valid).with_columns(account))
            timed("validate facts", lambda: split(facts, fact_schema))
            timed("upsert", lambda: upsert(client, TICKETS, facts, scope, version))
            timed("merge", lambda: merge(client, TICKETS.name))
            timed("sales by day", lambda: restate(client, Mart(SALES, "event_date"), version))
    seconds["peak MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return seconds


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder)
        found: dict[str, dict[str, float]] = {}
        for what, title in (("plain", "plain insert"), ("path", "first load"), ("path again", "load again")):
            command = [sys.executable, "-m", "tests.bench", f"{what}@{folder}", str(ROWS)]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
            found[title] = json.loads(done.stdout)
    plain = found["plain insert"]["plain insert"]
    print(f"{ROWS:,} ticket lines, embedded warehouse\n")
    print(f"{'':<16}{'seconds':>9}{'rows/s':>12}{'x plain':>9}{'peak MB':>9}")
    for title, steps in found.items():
        peak = steps.pop("peak MB")
        total = sum(steps.values())
        print(f"{title:<16}{total:>9.2f}{ROWS / total:>12,.0f}{total / plain:>9.1f}{peak:>9.0f}")
        if len(steps) > 1:
            for step, took in steps.items():
                print(f"  {step:<14}{took:>9.2f}{'':>12}{took / plain:>9.1f}")


if __name__ == "__main__":
    if len(sys.argv) > 1 and "@" in sys.argv[1]:
        route, place = sys.argv[1].split("@", 1)
        print(json.dumps(measure(route, Path(place))))
    else:
        main()
