"""`make bench`: what loads, checks and views cost, and how that grows with the history. Prints one table.

`python -m bench reload "all checks"` measures what has one of these in its name. Each measurement is a process of
its own, whose CPU time and peak memory the kernel tells. There are no thresholds: the figures belong to the machine, and
the ratios in the last line are of one run.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from bench.process import run

_SIZES, _A_YEAR = (100_000, 1_000_000, 5_000_000), 1_000_000


class Figures(NamedTuple):
    """`work`: wall seconds without imports and, of a year's load, the start of the engine; `read`: rows that the
    statements read of tables."""

    wall: float
    work: float
    cpu: float
    peak_mb: float
    read: float


class Measurement(NamedTuple):
    """`world`: the folder with the warehouse that it needs; empty: it begins with an empty one. `years`: whose lines
    must be in the warehouse then."""

    name: str
    work: str
    world: str = ""
    years: int = 0


def measurements(sizes: Sequence[int]) -> list[Measurement]:
    works = {
        "reload of two unchanged days": "reload 0",
        "reload of two days, a hundredth changed": "reload 1",
        "all checks": "checks",
        "v_campaign_performance": "heaviest",
        "views of concerts": "concerts",
        "all other views": "views",
    }
    return [
        *(Measurement(f"{title}, {_short(n)}", work, f"world {n}") for title, work in works.items() for n in sizes),
        Measurement("plain insert of a year", "plain"),
        Measurement("first load of a year", "first", years=1),
        Measurement("reload of the unchanged year", "again", "loaded", years=1),
        Measurement("backfill of three years", "backfill 3", years=3),
        Measurement("backfill of five years", "backfill 5", years=5),
    ]


def _short(lines: int) -> str:
    return f"{lines / 1_000_000:g} M" if lines >= 1_000_000 else f"{lines / 1000:g} k"


def measure(one: Measurement, runs: int, folder: Path, a_year: int) -> tuple[Figures, dict[str, Any]]:
    """The medians, and what the last run told."""
    landed, found, told = folder / f"landed {a_year}", [], {}
    for _ in range(runs):
        with _warehouse(one, folder, landed) as place:
            figures, told = _run(one.work, place, landed)
            if one.years:
                _run(f"sums {one.years}", place, landed)
        found.append(figures)
    return Figures(*map(statistics.median, zip(*found, strict=True))), told


@contextmanager
def _warehouse(one: Measurement, folder: Path, landed: Path) -> Iterator[Path]:
    if one.world.startswith("world"):
        yield _made(one.world, folder / one.world, landed)
        return
    _made(landed.name, landed, landed)
    if one.world:
        yield _made("first", landed.with_name(f"{landed.name} and loaded"), landed)
        return
    with tempfile.TemporaryDirectory(dir=folder) as name:
        yield Path(name)


def _made(work: str, place: Path, landed: Path) -> Path:
    if not place.exists():
        partial = place.with_name("partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        _run(work, partial, landed)
        partial.rename(place)
    return place


def _run(work: str, place: Path, landed: Path) -> tuple[Figures, dict[str, Any]]:
    ended = run([sys.executable, "-m", "bench.work", work, str(place), str(landed)])
    told = json.loads(ended.output.splitlines()[-1])
    read = sum(one[3] for one in told["statements"].values())
    return Figures(ended.wall, told["seconds"], ended.cpu, ended.peak_mb, read), told


def ratios(found: Mapping[str, Figures], sizes: Sequence[int]) -> Iterator[str]:
    """Of what was measured, each with its goal."""
    least, most = _short(min(sizes)), _short(max(sizes))
    plain, first, again = "plain insert of a year", "first load of a year", "reload of the unchanged year"
    three, five = "backfill of three years", "backfill of five years"
    growth = [
        (
            f"{title}, {most} / {least}",
            f"reload of two {title}, {most}",
            f"reload of two {title}, {least}",
            "cpu",
            goal,
        )
        for title, goal in (("unchanged days", "<= 1.3"), ("days, a hundredth changed", "<= 1.5"))
    ]
    for words, above, below, figure, goal in (
        *growth,
        ("first load / plain insert", first, plain, "work", "<= 2.0"),
        ("unchanged year / plain insert", again, plain, "work", "<= 1.2"),
        ("backfill of five / three years", five, three, "peak_mb", "about 1"),
    ):
        if above in found and below in found:
            ratio = getattr(found[above], figure) / getattr(found[below], figure)
            yield f"{words} {ratio:.2f} {figure} ({goal})"
    for name in (first, three, five):
        if name in found:
            yield f"{name} {found[name].peak_mb:.0f} MB (<= 1024)"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure loads, checks and views.")
    parser.add_argument("names", nargs="*", help="measure only what has one of these in its name")
    parser.add_argument("--runs", type=int, default=3, help="of which medians are shown (default: %(default)s)")
    parser.add_argument("--sizes", type=int, nargs="+", default=_SIZES, metavar="LINES", help="of five years")
    parser.add_argument(
        "--a-year", type=int, default=_A_YEAR, metavar="LINES", help="of loads and backfills of years"
    )
    parser.add_argument("--folder", type=Path, help="where to keep the warehouses, and to find them the next time")
    parser.add_argument("--statements", action="store_true", help="show the dearest statements of the last run")
    given = parser.parse_args()
    chosen = [
        one for one in measurements(given.sizes) if not given.names or any(n in one.name for n in given.names)
    ]
    found: dict[str, Figures] = {}
    with tempfile.TemporaryDirectory(prefix="zakaz-bench-") as name:
        folder = (given.folder or Path(name)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        print(f"Medians of {given.runs} runs; a year is {_short(given.a_year)} lines.\n")
        print(f"{'':<46}{'wall s':>8}{'work s':>8}{'CPU s':>8}{'peak MB':>9}{'rows read':>13}", flush=True)
        for one in chosen:
            found[one.name], told = measure(one, given.runs, folder, given.a_year)
            wall, work, cpu, peak, read = found[one.name]
            told = told if given.statements or one.work in ("views", "concerts") else {"said": "", "statements": {}}
            print(
                f"{one.name:<46}{wall:>8.2f}{work:>8.2f}{cpu:>8.2f}{peak:>9.0f}{read:>13,.0f}  {told['said']}",
                flush=True,
            )
            statements = told["statements"].items() if given.statements else ()
            for text, (count, wall, cpu, read) in sorted(statements, key=lambda item: -item[1][2])[:12]:
                print(f"    {count:>4} x, {wall:.3f} s, {cpu:.3f} s CPU, {read:,} rows: {text[:140]}")
    print("\n" + "; ".join(ratios(found, given.sizes)))


if __name__ == "__main__":
    main()
