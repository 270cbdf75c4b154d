"""The one path that every source takes: fetch, validate, transform, upsert, record.

Knows the order of the steps and how a run is recorded; what differs from source to source is in its declaration.
Knows nothing of Prefect: a flow hands in steps that are Prefect tasks.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import polars as pl
from clickhouse_connect.driver.client import Client

from tasks import refusals, steps
from tasks.errors import LandingError, ReconcileError, WarehouseError, ZakazError, why_ended
from tasks.fetch.traffic import Traffic, counted
from tasks.landing import Landing, Manifest
from tasks.load import runs, unfinished
from tasks.load.accounts import known_addresses, origin_of
from tasks.load.migrate import migrated
from tasks.load.runs import Run
from tasks.load.unfinished import Entry
from tasks.load.upsert import Upserted
from tasks.load.warehouse import let_go, warehouse
from tasks.settings import Settings
from tasks.sources.accounts import Account
from tasks.sources.source import Output, Resource
from tasks.sources.windows import split_in_pieces
from tasks.translation import RECORD, numbered, said
from tasks.window import Window

logger = logging.getLogger("zakaz.flow")


@dataclass(frozen=True)
class Steps:
    """What a load consists of. As they are here, plain functions of this process."""

    fetch: Callable[..., Manifest] = steps.fetch
    validate: Callable[..., steps.Validated] = steps.validate
    transform: Callable[..., Any] = steps.transform
    refuse_stranger: Callable[..., None] = refusals.refuse_stranger
    upsert_output: Callable[..., tuple[Upserted, list[str], list[str]]] = steps.upsert_output
    refresh_reference: Callable[..., list[str]] = steps.refresh_reference
    refresh_mart: Callable[..., Upserted] = steps.refresh_mart
    quarantine_rejected: Callable[..., tuple[int, int]] = steps.quarantine_rejected


PLAIN = Steps()
_NUMBER = re.compile(r"\d[\d.]*( [a-z]+)?")
"""With the thing that it counts: `1 ad`, `2 ads`."""
_KEPT_ROWS = 200_000
"""Raw rows of a run that are prepared before anything is written."""


@dataclass
class Report:
    """What a run did. `rows`: valid rows of the source's first table; `money`: how much of the window's money was
    rejected, in words; `warnings`: what a later read may mend; `notes`: what it will not; `seconds` by step."""

    source: str
    account: str
    noun: str
    window: Window
    origin: str
    read_at: datetime
    rows: int = 0
    rejected: int = 0
    released: int = 0
    traffic: Traffic = field(default_factory=Traffic)
    tables: dict[str, Upserted] = field(default_factory=dict)
    facts: dict[str, int] = field(default_factory=dict)
    columns: dict[str, list[str]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    money: str = ""
    version: int = 0
    partial: bool = False
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def written(self) -> int:
        return sum(table.written for table in self.tables.values())

    def metrics(self) -> dict[str, Any]:
        return {
            "window": {"first": self.window.first, "last": self.window.last},
            "origin": self.origin,
            "read_at": self.read_at,
            "version": self.version,
            "partial": self.partial,
            "rows_written": self.written,
            "rows_rejected": self.rejected,
            "rows_released": self.released,
            "api_calls": self.traffic.calls,
            "retries": self.traffic.retries,
            "tables": {name: result.as_dict() for name, result in self.tables.items()},
            "facts": self.facts,
            "columns": self.columns,
            "warnings": self.warnings,
            "notes": self.notes,
            "seconds": self.seconds,
        }

    @property
    def message(self) -> str:
        """One line for the run history and the UI, e.g. `2026-11-23..2026-11-24: 312 ticket lines, 12 new`."""
        done = next(iter(self.tables.values()), Upserted())
        counts = {
            numbered(done.new, "new", "new"): done.new,
            numbered(done.changed, "changed", "changed"): done.changed,
            numbered(done.removed, "removed", "removed"): done.removed,
        }
        words = ", ".join(told for told, number in counts.items() if number)
        parts = [f"{self.window}: {numbered(self.rows, self.noun)}, {words or 'nothing changed'}"]
        if self.rejected:
            rejected = numbered(self.rejected, "rejected", "rejected")
            parts.append(", ".join(filter(None, (rejected, self.money, "see zakaz quarantine list"))))
        return "; ".join([*parts, *_once(self.warnings), *_once(self.notes)])


def _once(lines: Iterable[str]) -> Iterator[str]:
    """What several pieces of a window say with other numbers, as the first of them says it."""
    alike: dict[str, list[str]] = {}
    for line in lines:
        alike.setdefault(_NUMBER.sub("", line), []).append(line)
    for first, *more in alike.values():
        yield first
        if more:
            yield said("and {n} such", RECORD, n=len(more))


def ingest(account: Account, window: Window, run_id: str, *, refresh: bool = False, by: Steps = PLAIN) -> Report:
    """Load one window of one account and record the run. Raises ZakazError. A run that has begun is recorded as
    failed first; wrong settings and a warehouse with other data are refused before there is a run.

    `refresh`: ask the source also for what was fetched before. `by`: who takes the steps.
    """
    account.check()
    source, settings = account.source, account.settings
    # A whole second: the bound goes to the API, whose times have no fractions, and must mean the same there.
    started = datetime.now(UTC).replace(microsecond=0)
    run = Run(source.job, run_id, started, account.name)
    report = Report(
        source.name, account.name, source.noun, window, origin_of(source.reads(settings)), read_at=started
    )
    with migrated(settings) as client:  # Of a server it is held all the time: see `lent`.
        _refuse_mixing(known_addresses(client), report.origin)
        begun = f"{window}: {said('being loaded', RECORD)}"
        version = runs.begin(client, run, begun, {"origin": report.origin})
        try:
            odd = _load(account, run, report, _fetches(client, account, run, window, version, refresh), refresh, by)
        except BaseException as error:
            if isinstance(error, ZakazError):
                error.window = str(window)
            let_go(settings)  # It may have been interrupted in the middle of a statement.
            _record_failure(settings, run, report, error)
            raise
    _tidy(account, started, odd)
    return report


def _fetches(
    client: Client, account: Account, run: Run, window: Window, version: int, refresh: bool
) -> list[steps.Fetch]:
    """What is to be fetched. The pieces of a long window begin one after the other, much later than the run."""
    fetches = [
        steps.Fetch(account, resource, part, run)
        for resource in account.source.resources
        for part in (split_in_pieces(account.source, window) if resource.by_window else [window])
    ]
    if len(fetches) > len(account.source.resources):
        return fetches
    # Each read has its own: the events that a later run may take from this one must be newer than the orders here,
    # or that run would not count as a later read of its days.
    versions = iter(range(version, version + runs.READS))
    return [
        replace(one, beginning=steps.beginning(client, one, refresh, lambda: next(versions))) for one in fetches
    ]


def _tidy(account: Account, now: datetime, odd: list[Manifest]) -> None:
    """Odd fetches are not used again: the next load of settled days asks the source anew. The data are in and the
    run is recorded, so what fails now is worth a warning and no more."""
    try:
        landing = Landing(account.settings.landing_url)
        for manifest in odd:
            landing.discard(manifest)
        landing.prune(account.source.name, now, account.settings.landing_keep_days)
    except ZakazError as error:
        logger.warning("the load is done, but old fetches could not be removed: %s", error)


@dataclass(frozen=True)
class _Piece:
    """One fetch of one resource: of a part of the window, where the source is asked by window."""

    resource: Resource
    manifest: Manifest


@dataclass(frozen=True)
class _Prepared:
    """A piece before it is written. `facts`: of each output that is made of the resource."""

    judged: steps.Validated
    facts: list[tuple[Output, pl.DataFrame]]


def _load(
    account: Account, run: Run, report: Report, fetches: list[steps.Fetch], refresh: bool, by: Steps
) -> list[Manifest]:
    """The fetches in which values or rows were odd or missing."""
    pieces: list[_Piece] = []
    with _timed(report, "fetch"), counted() as report.traffic:
        for asked in fetches:
            manifest = by.fetch(asked, refresh)
            pieces.append(_Piece(asked.resource, manifest))
            beside = [other for other in asked.resource.beside if other.name in manifest.beside]
            pieces += [_Piece(other, manifest.beside[other.name]) for other in beside]
            _note_fetch(report, asked.resource, manifest)
    try:
        return _load_fetched(account, run, report, pieces, by)
    except (LandingError, WarehouseError, ReconcileError):
        raise
    except ZakazError:
        # The rows are the trouble. Settled days would be refused for ever if their fetch were kept.
        landing = Landing(account.settings.landing_url)
        for piece in pieces:
            landing.discard(piece.manifest)
        raise


def _load_fetched(account: Account, run: Run, report: Report, pieces: list[_Piece], by: Steps) -> list[Manifest]:
    """Pieces are written one after the other, and of a long window each is prepared only then: memory is bounded by
    a piece. Otherwise all are prepared first: if one is refused, nothing was written."""
    # What rows refer to comes before them.
    pieces = sorted(pieces, key=lambda piece: piece.resource.by_window)
    are_few = sum(piece.manifest.rows for piece in pieces) <= _KEPT_ROWS
    prepared = [
        _prepare(account, piece, report, by) if are_few or not piece.resource.by_window else None
        for piece in pieces
    ]
    report.tables = {output.table.name: Upserted() for output in account.source.outputs}
    odd: list[Manifest] = []
    with warehouse(account.settings) as client:
        with _timed(report, "upsert"):
            report.warnings += by.refresh_reference(client, account.settings)
            manifests = [piece.manifest for piece in pieces]
            by.refuse_stranger(client, account, manifests)
            left = steps.left_by_others(client, account, run)
            for number, piece in enumerate(pieces):
                warned, noted = len(report.warnings), len(report.notes)
                with _told_what_was_written(pieces[:number]):
                    ready = prepared[number] or _prepare(account, piece, report, by)
                    prepared[number] = None
                    _write(client, account, run, report, piece, ready, by)
                if len(report.warnings) > warned:  # What describes the rows may be what lacks something.
                    odd += [one.manifest for one in pieces if one is piece or not one.resource.by_window]
                elif (
                    ready.judged.notes
                    or ready.judged.part.rejected.height
                    or (len(report.notes) > noted and not piece.resource.by_window)
                ):
                    odd.append(piece.manifest)
            _note_what_stays(account, report)
            _refresh_marts(client, account, run, report, left, by)
        report.warnings, report.notes = [*dict.fromkeys(report.warnings)], [*dict.fromkeys(report.notes)]
        runs.end(client, run, "success", report.rows, report.message, report.metrics())
    return odd


def _prepare(account: Account, piece: _Piece, report: Report, by: Steps) -> _Prepared:
    outputs = [output for output in account.source.outputs if output.resource == piece.resource.name]
    with _timed(report, "validate"):
        judged = by.validate(account, piece.resource, piece.manifest)
    with _timed(report, "transform"):
        facts = [(output, by.transform(account, output, {piece.resource.name: judged.part})) for output in outputs]
    report.notes += judged.notes
    report.money = report.money or judged.money
    report.rejected += judged.part.rejected.height
    report.rows += sum(rows.height for output, rows in facts if output is account.source.outputs[0])
    return _Prepared(judged, facts)


def _write(
    client: Client, account: Account, run: Run, report: Report, piece: _Piece, ready: _Prepared, by: Steps
) -> None:
    part, manifest = ready.judged.part, piece.manifest
    for output, rows in ready.facts:
        done, warnings, notes = by.upsert_output(client, account, output, rows, manifest, part, run)
        report.tables[output.table.name] += done
        report.warnings += warnings
        report.notes += notes
        report.partial |= steps.has_nameless(part, output, rows)
        report.warnings += steps.undescribed(client, account, output, rows)
    if piece.resource.is_optional:
        return
    rejected = by.quarantine_rejected(client, account, piece.resource, part, run.run_id, manifest)
    report.released += rejected[1]


@contextmanager
def _told_what_was_written(before: list[_Piece]) -> Iterator[None]:
    try:
        yield
    except ZakazError as error:
        if written := [piece.manifest.window for piece in before if piece.resource.by_window]:
            text = str(error).replace("Nothing was", "Nothing more was")
            error.args = (" ".join((text, f"The days up to {written[-1].last} are loaded.")),)
        raise


def _note_what_stays(account: Account, report: Report) -> None:
    for output in account.source.outputs:
        name, done = output.table.name, report.tables[output.table.name]
        if done.overtaken and output.protects:
            rows = numbered(done.overtaken, "row")
            report.notes.append(f"left to runs that read the source later: {rows} of {name}")
        if done.kept and not output.table.keeps_vanished:
            # Where rows were rejected or not seen, a later read may find them. Else they are gone for good.
            lines = report.warnings if report.partial or report.rejected else report.notes
            rows = numbered(done.kept, "row")
            lines.append(f"kept, though the source no longer confirms them: {rows} of {name}")


def _refresh_marts(
    client: Client, account: Account, run: Run, report: Report, left: list[Entry], by: Steps
) -> None:
    """The days that this run changed, and those that earlier ones changed and did not show."""
    marts = [mart.table.name for mart, _ in account.source.marts]
    entries, days, any_day = steps.days_to_show(client, run, left, marts)
    days |= {day for table in report.tables.values() for day in table.days}
    with steps.merged_at_the_end(client, account.source, is_written=bool(days or any_day)):
        for mart, schema in account.source.marts:
            wrong = any_day.get(mart.table.name)
            report.tables[mart.table.name] = by.refresh_mart(client, mart, schema, None if wrong else sorted(days))
            entries += [wrong] if wrong else []
    steps.remember(client, account, run, days, also_unknown=bool(any_day))
    unfinished.close(client, entries)


def _note_fetch(report: Report, resource: Resource, manifest: Manifest) -> None:
    report.warnings += manifest.warnings
    report.notes += manifest.notes
    report.version = min(report.version or manifest.version, manifest.version)
    report.partial |= manifest.partial
    if resource.by_window:  # Else it may have been fetched for another window of a backfill.
        first, last = min(report.window.first, manifest.window.first), max(report.window.last, manifest.window.last)
        report.window = Window(first=first, last=last)
    report.read_at = min(report.read_at, manifest.fetched_at)
    for name, count in manifest.facts.items():
        report.facts[name] = report.facts.get(name, 0) + count
    report.columns[manifest.resource] = sorted(manifest.columns)


def _refuse_mixing(addresses: Iterable[str], coming: str) -> None:
    """Made-up sales must never be added to real ones, nor the other way round. A file of the promoter's goes with
    both."""
    held = set(map(origin_of, addresses))
    strangers = sorted(origin for origin in held if (origin == "sandbox") != (coming == "sandbox"))
    if coming and strangers:
        # Of real data nobody is ever advised to remove them.
        aside = ", or move this one away: all of it is made up" if held - {""} == {"sandbox"} else ""
        raise WarehouseError(
            f"This warehouse holds data of {strangers[0]}; data of {coming} must not be mixed in. "
            f"Set CLICKHOUSE_DSN or CLICKHOUSE_DATABASE to another one{aside}."
        )


def _record_failure(settings: Settings, run: Run, report: Report, error: BaseException) -> None:
    metrics = report.metrics()
    if not isinstance(error, Exception):  # A signal, maybe in the middle of an insert.
        metrics = runs.broken_off(metrics)
    try:
        with warehouse(settings) as client:
            runs.end(client, run, "failed", report.rows, f"{report.window}: {why_ended(error)}", metrics)
    except ZakazError as second:
        logger.error("the failed run could not be recorded: %s", second)


@contextmanager
def _timed(report: Report, step: str) -> Iterator[None]:
    begun = time.monotonic()
    try:
        yield
    finally:
        report.seconds[step] = round(report.seconds.get(step, 0) + time.monotonic() - begun, 3)
