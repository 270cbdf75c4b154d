"""`python -m tests.faults [PATTERN] [--all] [-j 2]`: what each wrong reply ends as; exit status 1 if one is wrong.
`python -m tests.faults --payloads 10000 --seed 1 -j 2`: as many malformed payloads instead.

Without `--all` each kind comes once at each endpoint. PATTERN is a regular expression over ids such as
`vk-banners-list_halved-loaded-lasting`, and takes all cells that it finds. A payload that is wrong is printed as it
goes into the list of `test_faults.py`.
"""

from __future__ import annotations

import argparse
import multiprocessing
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from tests.faults.bench import carry_out
from tests.faults.table import all_cells, one_of_each
from tests.faults.trial import carry_out_payloads
from tests.support.clickhouse_server import clickhouse_server


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("pattern", nargs="?")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("-j", "--jobs", type=int, default=1)
    parser.add_argument("--payloads", type=int, metavar="N")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, clickhouse_server(Path(folder) / "clickhouse") as server:
        if options.payloads:
            seeds = [
                (options.seed * 1000 + n, len(range(n, options.payloads, options.jobs)))
                for n in range(options.jobs)
            ]
            counts = sum(_in_processes(carry_out_payloads, server.dsn, folder, seeds), Counter())
        else:
            cells = all_cells() if options.all or options.pattern else one_of_each()
            ids = [cell.id for cell in cells if re.search(options.pattern or "", cell.id)]
            shares = [(ids[n :: options.jobs],) for n in range(options.jobs)]
            found = {k: v for part in _in_processes(carry_out, server.dsn, folder, shares) for k, v in part.items()}
            for name in ids:
                print(f"{name:<70} {found[name].word if found[name].asked else '-'}")
            counts = Counter(verdict.word if verdict.asked else "not asked" for verdict in found.values())
    words = ", ".join(f"{number} {word}" for word, number in sorted(counts.items()))
    print(f"\n{counts.total()} in {time.monotonic() - begun:.0f} s: {words}")
    return int(counts["WRONG"] > 0)


def _in_processes(work: Callable[..., Any], dsn: str, folder: str, shares: list[tuple[Any, ...]]) -> list[Any]:
    with ProcessPoolExecutor(len(shares), mp_context=multiprocessing.get_context("spawn")) as pool:
        running = [pool.submit(work, dsn, f"{folder}/{n}", *share) for n, share in enumerate(shares)]
        return [share.result() for share in running]


if __name__ == "__main__":
    sys.exit(main())
