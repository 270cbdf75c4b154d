"""`python -m drill [--seed 1] [--defects 200] [--lives all] [--mornings 60] [-j 2]`: what the checks see, and how silent
they are. Prints Markdown; progress goes to standard error. One life is one process.
"""

from __future__ import annotations

import argparse
import logging
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from random import Random
from traceback import format_exception

from drill.job import Job, live
from drill.lives import KINDS
from drill.report import lines, markdown
from tests.support.clickhouse_server import clickhouse_server

_SIZES = {15: 0.4, 120: 0.45, 800: 0.15}
"""Orders a day of worlds with defects, and how often each is drawn."""
_A_WORLD = 8
"""Defects a world."""


def main() -> int:
    options = _options()
    jobs, begun, done, failed = _jobs(options), time.monotonic(), [], 0
    with (
        tempfile.TemporaryDirectory() as folder,
        clickhouse_server(Path(folder) / "clickhouse") as server,
        ProcessPoolExecutor(
            options.jobs,
            multiprocessing.get_context("spawn"),
            logging.disable,
            (logging.CRITICAL,),
            max_tasks_per_child=1,
        ) as pool,
    ):
        # Read when a process imports the product: nobody's own settings, locks or data.
        os.environ["ZAKAZ_HOME"] = folder
        work = {pool.submit(live, job, server.dsn, folder): job for job in jobs}
        for number, one in enumerate(as_completed(work), 1):
            so_far = f"{number} of {len(jobs)}, {time.monotonic() - begun:.0f} s"
            if error := one.exception():
                failed += 1
                print(f"{so_far}: {work[one]} broke", *format_exception(error), file=sys.stderr, flush=True)
                continue
            done.append(one.result())
            print(f"{so_far}:", *lines(done[-1]), sep="\n", file=sys.stderr, flush=True)
    print(markdown(done, f"python -m drill {' '.join(sys.argv[1:])}".strip()))
    return int(failed > 0)


def _jobs(options: argparse.Namespace) -> Sequence[Job]:
    """The longest first."""
    wanted = [kind for kind in KINDS if options.lives == "all" or kind in options.lives.split(";")]
    lives = [Job(kind, options.seed, options.mornings) for kind in wanted]
    rng, worlds, left = Random(f"worlds {options.seed}"), [], options.defects
    while left > 0:
        [size] = rng.choices([*_SIZES], [*_SIZES.values()])
        number = rng.randrange(10**6)
        worlds.append(Job("usual", number, defects=min(left, _A_WORLD), orders_a_day=size, only=options.only))
        left -= _A_WORLD
    return sorted([*lives, *worlds], key=lambda job: (job.kind != "large promoter", -job.orders_a_day))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m drill", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--defects", type=int, default=200)
    parser.add_argument("--lives", default="all", help="kinds of lives with ; between them, all or none")
    parser.add_argument("--mornings", type=int, default=60, help="that a life lasts")
    parser.add_argument("--only", default="", help="draw only defects with these words in the name of their kind")
    parser.add_argument("-j", "--jobs", type=int, default=2)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
