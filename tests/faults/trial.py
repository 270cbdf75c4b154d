"""Carries out payloads: each is one load, which must end exact, counted or refused, and leave no mark of a person.

A payload is fetched, landed, validated and transformed as by a load, and its facts are compared with those of a clean
reply: the same facts make the same warehouse, and what a run counts it says. Where that is not enough to judge by, and
for one payload of each `_WHOLE`, the whole load is carried out as a cell of the table of faults.
"""

from __future__ import annotations

import io
import logging
import re
import sys
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import polars as pl
from hypothesis import HealthCheck, Phase, given, seed, settings

from sandbox.world.secrets import MARK
from tasks import steps
from tasks.errors import ZakazError
from tasks.load.runs import Run
from tasks.window import Window
from tests.faults.bench import FIRST, NOW, Bench, Verdict, bench
from tests.faults.malform import FREE, MARKS, SILENT, TAGS, Malformed, Payload, payloads
from tests.faults.table import TIMES, Cell, Fault
from tests.flows import truth

_WHOLE = 50
_TOLD_EVERY = 100
_MOST_GROWTH = 300 * 2**20
_LONGEST_MESSAGE = 2000
_NAMES = r".*_name|venue|city|timezone"
_TAGGED = r"utm_.*|tags_.*"
_REPR = re.compile(r"Traceback|<class|object at 0x|[a-z]Error\(")


@dataclass
class Read:
    """What a load made of a reply before it came to the warehouse. `told`: warnings, notes and rejected rows."""

    status: str = "success"
    message: str = ""
    facts: list[pl.DataFrame] = field(default_factory=list)
    told: set[str] = field(default_factory=set)
    written: list[str] = field(default_factory=list)


@dataclass(repr=False)
class Trial:
    bench: Bench
    folder: Path
    log: io.StringIO = field(default_factory=io.StringIO)
    clean: dict[str, Read] = field(default_factory=dict)
    healthy: int = 0
    done: int = 0

    def __repr__(self) -> str:
        return "the trial"

    def judge(self, payload: Payload) -> Verdict:
        self.done += 1
        malformed = Malformed(payload)
        options = {"call": malformed.body, **malformed.wire}
        _forget_peak()
        verdict, written = self._judged(payload, malformed, options)
        growth = _peak() - self.healthy
        if verdict.word == "WRONG":
            return verdict
        text = "\n".join([verdict.message, *written, *self._files(), self.log.getvalue()])
        if marks := [mark for mark in (*MARKS, MARK) if mark in text]:
            at = text.index(marks[0])
            around = text[max(0, at - 60) : at + 60]
            return Verdict("WRONG", f"a person's mark is written: {marks[0]}", repr(around))
        if _REPR.search(verdict.message) or "Traceback" in self.log.getvalue():
            return Verdict("WRONG", "a traceback or an exception is shown", verdict.message)
        if len(verdict.message) > _LONGEST_MESSAGE:
            return Verdict("WRONG", f"a message of {len(verdict.message)} characters", verdict.message[:300])
        if growth > _MOST_GROWTH:
            return Verdict("WRONG", f"memory grew by {growth >> 20} MB", verdict.message)
        return verdict

    def _judged(self, payload: Payload, malformed: Malformed, options: dict[str, Any]) -> tuple[Verdict, list[str]]:
        name, faults = payload.of.api, self.bench.stage.faults(payload.of.api)
        self.stand_ready(name, has_token=payload.of.name != "token")
        fault = faults.add("edit", payload.of.path, *TIMES[payload.times], **options)
        read = self.read(name)
        faults.clear()
        verdict = _verdict(read, self.clean[name], malformed.touched)
        # The table of faults takes another tag for another figure.
        is_due = self.done % _WHOLE == 0 and not malformed.touched & (TAGS | SILENT)
        if fault.fired and (verdict.word == "?" or (is_due and verdict.word != "WRONG")):
            return self._loaded(payload, malformed, options)
        return Verdict(verdict.word, verdict.why, verdict.message, fault.fired > 0), read.written

    def _loaded(self, payload: Payload, malformed: Malformed, options: dict[str, Any]) -> tuple[Verdict, list[str]]:
        """The payload as a whole load."""
        is_blind = bool(malformed.touched & FREE)
        cell = Cell(payload.of, "hostile", Fault("edit", options), payload.state, payload.times, is_blind)
        verdict = self.bench.judge(cell)
        product = self.bench.apis[payload.of.api].product
        kept = ("meta_quarantine", "meta_job_runs", *self.bench.apis[payload.of.api].tables)
        return verdict, [str(product.select(f"SELECT * FROM {table}").rows()) for table in kept]

    def read(self, name: str) -> Read:
        """All steps of a load but those of the warehouse."""
        api, read = self.bench.apis[name], Read()
        account = api.product.account(api.source)
        source = account.source
        self.bench.clock.move(seconds=5)
        run = Run(source.job, str(uuid.uuid4()), self.bench.clock.now)
        window = Window(first=FIRST, last=truth.moscow_day(NOW) - timedelta(days=0 if name == "qtickets" else 1))
        nowhere = patch.multiple(steps, warehouse=lambda _: nullcontext(), begin_read=lambda *_: 1)
        manifests, parts = {}, {}
        try:
            with nowhere:
                for one in source.resources:
                    manifests[one.name] = came = steps.fetch(steps.Fetch(account, one, window, run), False)
                    window = came.window
                    read.told |= {*came.warnings, *came.notes}
                for one in source.resources:
                    judged = steps.validate(account, one, manifests[one.name])
                    parts[one.name], rejected = judged.part, judged.part.rejected
                    read.told |= {*judged.notes, *([f"{rejected.height} rejected"] if rejected.height else [])}
                    read.written.append(rejected.write_ndjson())
                read.facts = [steps.transform(account, output, parts) for output in source.outputs]
                read.written += [facts.write_csv() for facts in read.facts]
                read.message = "; ".join(sorted(read.told))
        except ZakazError as error:
            read.status, read.message = "failed", str(error)
        except Exception as error:  # noqa: BLE001
            read.status, read.message = "crashed", f"{type(error).__name__}: {str(error)[:300]}"
        return read

    def stand_ready(self, name: str, *, has_token: bool = True) -> None:
        """Nothing is written down, and no fault is due. VK's token is there but where it is asked for."""
        self.log.seek(0)
        self.log.truncate()
        for api in self.bench.apis.values():
            api.product.forget_fetches()
        self.bench.stage.calm()
        self.bench.clock.now = NOW + timedelta(minutes=1)
        if has_token:
            self.bench.authorize(name)
        else:
            self.bench.apis[name].product.settings.vk_token_file.unlink(missing_ok=True)

    def _files(self) -> Iterator[str]:
        """All that lies there. VK's token is kept on purpose."""
        for file in self.folder.rglob("*"):
            if file.suffix == ".parquet":
                yield pl.read_parquet(file).write_ndjson()
            elif file.is_file():
                text = file.read_text(errors="replace")
                yield text.replace(MARK, "") if file.name == "vk_token.json" else text


def _verdict(read: Read, clean: Read, touched: set[str]) -> Verdict:
    """`?`: only the whole load can tell."""
    if read.status == "crashed":
        return Verdict("WRONG", "a traceback", read.message)
    if read.status == "failed":
        is_line = read.message and "\n" not in read.message
        return Verdict("refused" if is_line else "WRONG", "" if is_line else "not one line", read.message)
    free = {_NAMES: FREE, _TAGGED: TAGS, "currency": SILENT}
    blind = "|".join(columns for columns, fields in free.items() if touched & fields)
    pairs = zip(read.facts, clean.facts, strict=True)
    if all(_seen(ours, blind).equals(_seen(right, blind)) for ours, right in pairs):
        return Verdict("exact", message=read.message)
    if read.told - clean.told:
        return Verdict("counted", message=read.message)
    return Verdict("?", "green, but other facts", read.message)


def _seen(facts: pl.DataFrame, blind: str) -> pl.DataFrame:
    kept = facts.select(name for name in facts.columns if not re.fullmatch(blind or "-", name))
    return kept.sort(kept.columns)


def _forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def _peak() -> int:
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found
    return int(found[1]) * 1024


@contextmanager
def trial(ready: Bench, folder: Path) -> Iterator[Trial]:
    """`folder`: where all of the bench's settings lead."""
    made = Trial(ready, folder)
    root, handler = logging.getLogger(), logging.StreamHandler(made.log)
    root.addHandler(handler)
    try:
        for name in ready.apis:
            made.stand_ready(name)
            _forget_peak()
            made.clean[name] = made.read(name)
            assert made.clean[name].status == "success", made.clean[name]
            made.healthy = max(made.healthy, _peak())
        yield made
    finally:
        root.removeHandler(handler)


def carry_out_payloads(dsn: str, folder: str, first: int, number: int) -> Counter[str]:
    """So many payloads, in a process of their own; what is wrong is told at once."""
    counts: Counter[str] = Counter()

    def one(payload: Payload) -> None:
        verdict = made.judge(payload)
        counts[verdict.word if verdict.asked else "not asked"] += 1
        if verdict.word == "WRONG":
            print(f"{payload}\n    {verdict}", flush=True)
        if counts.total() % _TOLD_EVERY == 0:
            print(f"{counts.total()} of {number}: {dict(counts)}", file=sys.stderr, flush=True)

    with bench(dsn, Path(folder), f"hostile_{uuid.uuid4().hex[:8]}") as ready, trial(ready, Path(folder)) as made:
        drawn = settings(
            max_examples=number,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        seed(first)(drawn(given(payloads())(one)))()
    return counts
