"""`python -m tests.soak [--schedules 300] [--seed 1] [-j 2]`: random schedules that must end exact; status 1 if
not. One that fails is printed with its seed and its steps; `--schedules 1 --seed N` carries it out again."""

import argparse
import multiprocessing
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from tests.soak.runner import carry_out
from tests.support.clickhouse_server import clickhouse_server


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--schedules", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1, help="of the first; each next one has the next")
    parser.add_argument("-j", "--jobs", type=int, default=2)
    options = parser.parse_args()
    seeds = list(range(options.seed, options.seed + options.schedules))
    shares = [seeds[n : n + 10] for n in range(0, len(seeds), 10)]  # Of one process, before it reports.
    begun, failed, done = time.monotonic(), 0, 0
    with (
        tempfile.TemporaryDirectory() as folder,
        clickhouse_server(Path(folder) / "clickhouse") as server,
        ProcessPoolExecutor(options.jobs, mp_context=multiprocessing.get_context("spawn")) as pool,
    ):
        for share in as_completed([pool.submit(carry_out, server.dsn, folder, share) for share in shares]):
            for result in share.result():
                done += 1
                if result.wrong:
                    failed += 1
                    print(f"seed {result.seed}: {result.wrong}", *map(str, result.steps), sep="\n    ")
            print(f"{done} of {len(seeds)}, {failed} wrong, {time.monotonic() - begun:.0f} s", flush=True)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
