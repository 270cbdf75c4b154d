"""`python -m tests.soak [--schedules 300] [--seed 1] [-j 2]`: random schedules that must end exact; status 1 if not.

A schedule that fails is printed with its seed and with the steps that it needs to fail. `--schedules 1 --seed N`
carries out one again.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import ExitStack
from pathlib import Path

from tests.soak.runner import Result, carry_out
from tests.support.clickhouse_server import clickhouse_server

_SHARE = 10
"""Schedules that one process carries out before it reports."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--schedules", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1, help="of the first; each next one has the next")
    parser.add_argument("-j", "--jobs", type=int, default=2)
    parser.add_argument("--as-drawn", action="store_true", help="do not shrink what fails")
    options = parser.parse_args()
    seeds = list(range(options.seed, options.seed + options.schedules))
    begun, failed, done = time.monotonic(), 0, 0
    shares = [seeds[n : n + _SHARE] for n in range(0, len(seeds), _SHARE)]
    spawned = multiprocessing.get_context("spawn")
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        server = stack.enter_context(clickhouse_server(Path(folder) / "clickhouse"))
        pool = stack.enter_context(ProcessPoolExecutor(min(options.jobs, len(shares)), mp_context=spawned))
        running = [pool.submit(carry_out, server.dsn, folder, share, not options.as_drawn) for share in shares]
        for share in as_completed(running):
            for result in share.result():
                done += 1
                failed += show(result)
            print(
                f"{done} of {len(seeds)} schedules, {failed} wrong, {time.monotonic() - begun:.0f} s",
                flush=True,
            )
    return int(failed > 0)


def show(result: Result) -> bool:
    if result.wrong:
        print(f"seed {result.seed}: {result.wrong}")
        for step in result.steps:
            print(f"    {step}")
    return bool(result.wrong)


if __name__ == "__main__":
    sys.exit(main())
