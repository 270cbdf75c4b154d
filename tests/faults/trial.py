"""Carries out payloads: each is one load, which must end exact, counted or refused, and leave no mark of a person."""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from sandbox.world.secrets import MARK
from tests.faults.bench import Bench, Verdict
from tests.faults.malform import MARKS, Malformed, Payload
from tests.faults.table import Cell, Fault

_MOST_GROWTH = 300 * 2**20
_LONGEST_MESSAGE = 2000
_REPR = re.compile(r"Traceback|<class|object at 0x|[a-z]Error\(")


@dataclass(repr=False)
class Trial:
    """`folder`: where all of the bench's settings lead. `healthy`: the memory that a clean load takes at most."""

    bench: Bench
    folder: Path
    log: io.StringIO = field(default_factory=io.StringIO)
    healthy: int = 0

    def judge(self, payload: Payload) -> Verdict:
        malformed = Malformed(payload)
        fault = Fault("edit", {"call": malformed.body, **malformed.wire})
        verdict, growth = self.load(
            Cell(payload.of, "hostile", fault, payload.state, payload.times, malformed.touched)
        )
        if verdict.word == "WRONG":
            return verdict
        text = "\n".join([verdict.message, *self._written(payload.of.api), self.log.getvalue()])
        if marks := [mark for mark in (*MARKS, MARK) if mark in text]:
            at = text.index(marks[0])
            around = text[max(0, at - 60) : at + 60]
            return Verdict("WRONG", f"a person's mark is written: {marks[0]}", repr(around))
        if _REPR.search(verdict.message) or "Traceback" in self.log.getvalue():
            return Verdict("WRONG", "a traceback or an exception is shown", verdict.message)
        if len(verdict.message) > _LONGEST_MESSAGE:
            return Verdict("WRONG", f"a message of {len(verdict.message)} characters", verdict.message[:300])
        if growth > self.healthy + _MOST_GROWTH:
            return Verdict("WRONG", f"memory grew to {growth >> 20} MB", verdict.message)
        return verdict

    def load(self, cell: Cell) -> tuple[Verdict, int]:
        """And how much memory this process then had at most."""
        for api in self.bench.apis.values():
            api.product.forget_fetches()
        self.log.seek(0)
        self.log.truncate()
        Path("/proc/self/clear_refs").write_text("5")
        verdict = self.bench.judge_first(cell)
        found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
        assert found
        return verdict, int(found[1]) * 1024

    def _written(self, name: str) -> Iterator[str]:
        """Into tables and files. VK's token is kept on purpose."""
        product = self.bench.apis[name].product
        for table in product.tables:
            yield product.select(f"SELECT * FROM {table}").write_ndjson()
        for file in self.folder.rglob("*"):
            if file.suffix == ".parquet":
                yield pl.read_parquet(file).write_ndjson()
            elif file.is_file():
                text = file.read_text(errors="replace")
                yield text.replace(MARK, "") if file.name == "vk_token.json" else text
