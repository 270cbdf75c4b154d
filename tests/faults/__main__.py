"""`python -m tests.faults [PATTERN] [--all] [-j 2]`: the table of faults as Markdown; exit status 1 if a cell is wrong.
`python -m tests.faults --payloads 10000 --seed 1 -j 2`: as many malformed payloads instead.

Without `--all` each kind comes once at each endpoint. PATTERN is a regular expression over ids such as
`vk-banners-list_halved-loaded-lasting`, and takes all cells that it finds. A payload that is wrong is printed with what
`--again` takes.
"""

from __future__ import annotations

import argparse
import multiprocessing
import re
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tests.faults.bench import Verdict, bench, carry_out
from tests.faults.malform import Payload
from tests.faults.table import Cell, all_cells, one_of_each
from tests.faults.trial import carry_out_payloads, trial
from tests.support.clickhouse_server import clickhouse_server


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("pattern", nargs="?")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--every", type=int, default=1, help="only every n-th kind")
    parser.add_argument("--messages", action="store_true", help="what each run said")
    parser.add_argument("-j", "--jobs", type=int, default=1)
    parser.add_argument("--payloads", type=int, metavar="N")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--again", type=Payload.read, metavar="PAYLOAD")
    options = parser.parse_args()
    if options.payloads or options.again:
        return malformed(options)
    cells = list(all_cells() if options.all or options.pattern else one_of_each(options.every))
    if options.pattern:
        cells = [cell for cell in cells if re.search(options.pattern, cell.id)]
    ids = [cell.id for cell in cells]
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, clickhouse_server(Path(folder) / "clickhouse") as server:
        shares = [(server.dsn, f"{folder}/{n}", ids[n :: options.jobs]) for n in range(options.jobs)]
        if options.jobs == 1:
            results = [carry_out(*shares[0])]
        else:
            spawned = multiprocessing.get_context("spawn")
            with ProcessPoolExecutor(options.jobs, mp_context=spawned) as pool:
                results = list(pool.map(carry_out, *zip(*shares, strict=True)))
    verdicts = {name: verdict for result in results for name, verdict in result.items()}
    show(cells, verdicts, messages=options.messages)
    print(f"\n{len(cells)} cells in {time.monotonic() - begun:.0f} s: {counted(verdicts)}")
    return int(any(verdict.word == "WRONG" for verdict in verdicts.values()))


def malformed(options: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory() as folder, clickhouse_server(Path(folder) / "clickhouse") as server:
        if options.again:
            here = Path(folder) / "0"
            with bench(server.dsn, here, "hostile") as ready, trial(ready, here) as made:
                verdict = made.judge(options.again)
            print(f"{verdict.word}: {verdict.why} | {verdict.message}")
            return int(verdict.word == "WRONG")
        jobs = options.jobs
        shares = [options.payloads // jobs + (n < options.payloads % jobs) for n in range(jobs)]
        work = [(server.dsn, f"{folder}/{n}", options.seed * 1000 + n, share) for n, share in enumerate(shares)]
        with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
            counts = sum(pool.map(carry_out_payloads, *zip(*work, strict=True)), Counter())
    print(f"{counts.total()} payloads: {', '.join(f'{number} {word}' for word, number in sorted(counts.items()))}")
    return int(counts["WRONG"] > 0)


def counted(verdicts: dict[str, Verdict]) -> str:
    words = Counter(verdict.word if verdict.asked else "not asked" for verdict in verdicts.values())
    return ", ".join(f"{number} {word}" for word, number in sorted(words.items()))


def show(cells: list[Cell], verdicts: dict[str, Verdict], *, messages: bool) -> None:
    columns = list(dict.fromkeys(f"{cell.state}, {cell.times}" for cell in cells))
    table: dict[tuple[str, str, str], dict[str, Verdict]] = {}
    for cell in cells:
        row = table.setdefault((cell.endpoint.api, cell.endpoint.name, cell.kind), {})
        row[f"{cell.state}, {cell.times}"] = verdicts[cell.id]
    print(f"| API | endpoint | reply | {' | '.join(columns)} |\n{'|---' * (len(columns) + 3)}|")
    for names, row in table.items():
        words = [(row[c].word if row[c].asked else "-") if c in row else "" for c in columns]
        print(f"| {' | '.join([*names, *words])} |")
        if messages:
            for column, verdict in row.items():
                print(f"    {column}: {verdict.why} {verdict.message}")


if __name__ == "__main__":
    sys.exit(main())
