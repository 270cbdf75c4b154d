"""`make bench`: what loads, checks and views cost, and how that grows with the history. Prints one table.

`python -m tests.bench reload "all checks"` measures what has one of these words in its name. Each measurement is a
process of its own, whose CPU time and peak memory the kernel tells. There are no thresholds: the figures belong to the
machine, and the ratios below the table are of one run. This process imports little: the kernel counts what it holds
when it starts another one as memory of that one.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SIZES, _A_YEAR = (100_000, 1_000_000, 5_000_000), 1_000_000
_MEGABYTE = 1024


@dataclass(frozen=True)
class Measurement:
    """`world`: the folder whose warehouse it needs; empty: it begins with an empty one. `proof`: the years whose
    lines must be in the warehouse then."""

    name: str
    work: str
    world: str = ""
    proof: int = 0


@dataclass(frozen=True)
class Figures:
    """Of one run, or the medians of several. `work`: wall seconds without imports and the start of the engine; `read`:
    rows that its statements read of tables."""

    wall: float
    work: float
    cpu: float
    peak: float
    read: float

    @classmethod
    def medians(cls, runs: Sequence[Figures]) -> Figures:
        return cls(*(statistics.median(getattr(run, name) for run in runs) for name in cls.__annotations__))


def measurements(sizes: Sequence[int]) -> list[Measurement]:
    works = {
        "reload of two unchanged days": "unchanged",
        "reload of two days, a hundredth changed": "changed",
        "all checks": "checks",
        "v_campaign_performance": "heaviest",
        "all other views": "views",
    }
    return [
        *(
            Measurement(f"{title}, {_short(size)}", work, f"world {size}")
            for title, work in works.items()
            for size in sizes
        ),
        Measurement("plain insert of a year", "plain"),
        Measurement("first load of a year", "first", proof=1),
        Measurement("reload of the unchanged year", "again", "loaded", proof=1),
        Measurement("backfill of three years", "backfill-3", proof=3),
        Measurement("backfill of five years", "backfill-5", proof=5),
    ]


def _short(lines: int) -> str:
    return f"{lines / 1_000_000:g} M" if lines >= 1_000_000 else f"{lines / 1000:g} k"


class Bench:
    def __init__(self, folder: Path, a_year: int, *, statements: bool) -> None:
        self._folder, self._landed = folder, folder / f"landed {a_year}"
        self._a_year, self._statements = a_year, statements

    def measure(self, one: Measurement, runs: int) -> tuple[Figures, str]:
        """The medians, and what the last run said."""
        found = []
        for _ in range(runs):
            with self._warehouse(one) as folder:
                figures, told = self._run(one.work, folder)
                if one.proof:
                    self._run(f"sums {one.proof}", folder)
            found.append(figures)
        if self._statements:
            _print_statements(one.name, told["statements"])
        return Figures.medians(found), told["said"]

    @contextmanager
    def _warehouse(self, one: Measurement) -> Iterator[Path]:
        """The folder of what it needs, made if need be."""
        if one.world.startswith("world"):
            yield self._made(one.world, self._folder / one.world)
            return
        self._made(f"landed {self._a_year}", self._landed)
        if one.world:
            yield self._made("first", self._folder / f"loaded {self._a_year}")
            return
        with tempfile.TemporaryDirectory(dir=self._folder) as name:
            yield Path(name)

    def _made(self, work: str, folder: Path) -> Path:
        if not folder.exists():
            partial = folder.with_name(f"{folder.name}.partial")
            shutil.rmtree(partial, ignore_errors=True)
            self._run(work, partial)
            partial.rename(folder)
        return folder

    def _run(self, work: str, folder: Path) -> tuple[Figures, dict[str, Any]]:
        command = [sys.executable, "-m", "tests.bench.work", work, str(folder), str(self._landed)]
        with tempfile.TemporaryFile("w+") as output:
            begun = time.perf_counter()
            process = subprocess.Popen(command, stdout=output)
            _, status, usage = os.wait4(process.pid, 0)
            wall = time.perf_counter() - begun
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                sys.exit(f"bench: {work} in {folder} ended with status {process.returncode}")
            output.seek(0)
            told = json.loads(output.read().splitlines()[-1])
        cpu = usage.ru_utime + usage.ru_stime
        return Figures(wall, told["seconds"], cpu, usage.ru_maxrss / _MEGABYTE, told["read"]), told


def _print_statements(name: str, statements: dict[str, Sequence[float]]) -> None:
    """The dearest ones: how often, wall and CPU seconds, rows read."""
    print(f"\n{name}")
    for text, (count, wall, cpu, read) in sorted(statements.items(), key=lambda one: -one[1][2])[:12]:
        print(f"{count:>6} x {wall:>8.3f} s {cpu:>8.3f} s CPU {read:>12,} rows  {text[:140]}")


def ratios(found: dict[str, Figures], sizes: Sequence[int]) -> Iterator[str]:
    """What can be told of what was measured; in brackets the goals."""
    least, most = (_short(size) for size in (min(sizes), max(sizes)))
    for title, goal in (("two unchanged days", 1.3), ("two days, a hundredth changed", 1.5)):
        few, many = (found.get(f"reload of {title}, {size}") for size in (least, most))
        if few and many and least != most:
            yield f"reload of {title}, {most} / {least}: {many.cpu / few.cpu:.2f} CPU (at most {goal})"
    plain, first, again = (
        found.get(f"{what} year") for what in ("plain insert of a", "first load of a", "reload of the unchanged")
    )
    for title, one, goal in (("first load", first, 2.0), ("reload of the unchanged year", again, 1.2)):
        if plain and one:
            yield f"{title} / plain insert: {one.work / plain.work:.2f} work (at most {goal})"
    three, five = (found.get(f"backfill of {years} years") for years in ("three", "five"))
    peaks = {"first load": first, "three years": three, "five years": five}
    if known := [f"{title} {one.peak:.0f}" for title, one in peaks.items() if one]:
        yield f"peak MB: {', '.join(known)} (at most 1024)"
    if three and five:
        yield f"backfill of five years / three years: {five.peak / three.peak:.2f} peak (about 1)"


def main() -> None:
    options = _options()
    chosen = [
        one
        for one in measurements(options.sizes)
        if not options.names or any(word in one.name for word in options.names)
    ]
    with tempfile.TemporaryDirectory(prefix="zakaz-bench-") as name:
        folder = options.folder or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        bench = Bench(folder.resolve(), options.a_year, statements=options.statements)
        print(f"medians of {options.runs} runs; a year is {_short(options.a_year)} lines\n")
        print(f"{'':<46}{'wall s':>8}{'work s':>8}{'CPU s':>8}{'peak MB':>9}{'rows read':>13}", flush=True)
        found = {}
        for one in chosen:
            figures, said = bench.measure(one, options.runs)
            found[one.name] = figures
            line = f"{figures.wall:>8.2f}{figures.work:>8.2f}{figures.cpu:>8.2f}{figures.peak:>9.0f}{figures.read:>13,.0f}"
            print(f"{one.name:<46}{line}  {said if 'views' in one.name else ''}".rstrip(), flush=True)
    print("", *ratios(found, options.sizes), sep="\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure loads, checks and views.")
    parser.add_argument("names", nargs="*", help="measure only what has one of these words in its name")
    parser.add_argument("--runs", type=int, default=3, help="of which the medians are shown (default: %(default)s)")
    parser.add_argument("--sizes", type=int, nargs="+", default=_SIZES, metavar="LINES", help="of five years of history")
    parser.add_argument("--a-year", type=int, default=_A_YEAR, metavar="LINES", help="of first loads and backfills")
    parser.add_argument("--folder", type=Path, help="where to keep what was made, and to find it the next time")
    parser.add_argument("--statements", action="store_true", help="show the dearest statements of each measurement")
    return parser.parse_args()


if __name__ == "__main__":
    main()
