"""The steps of a load: plain functions, which know neither Prefect nor the order in which they are taken.

`ingest.py` takes them one after the other; `prefect_tasks.py` makes Prefect tasks of them. A step that needs the
warehouse is given a client, but for the fetch, during which no connection is held.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cache, partial
from typing import Any

import pandera.polars as pa
import polars as pl
from clickhouse_connect.driver.client import Client
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_fixed

from tasks.errors import SourceError, ZakazError
from tasks.landing import Fetched, Landing, Manifest, Request
from tasks.load.carry_forward import Unknown, carry_forward
from tasks.load.mart import AD_SHOWS, days_of_values, not_exactly, reference_tables, restate
from tasks.load.memory import remember_days
from tasks.load.quarantine import quarantine, rejected_values
from tasks.load.runs import Run, begin_read, covered, days_read_later, facts_since, next_version, reads, status_of
from tasks.load.sql import sql_files
from tasks.load.tables import Mart, Scope, Table, of_account
from tasks.load.unfinished import Entry, due, not_shown, note, note_all_days
from tasks.load.upsert import Upserted, distinct, holds_exactly, merge, remove_strays_of_days, upsert
from tasks.load.warehouse import lent, warehouse
from tasks.reference.ad_shows import ad_shows
from tasks.refusals import A_FEW, refuse_if_much_is_wrong, refuse_to_wipe, total
from tasks.settings import Settings
from tasks.sources.accounts import Account
from tasks.sources.source import Output, Resource, Source
from tasks.translation import numbered
from tasks.window import Window, moscow_today
from validation.split import Split, WrongFrame, split

logger = logging.getLogger("zakaz.flow")

RESUMED_WITHIN = timedelta(hours=1)
"""How long a run may go on with what one that died had fetched of days that the source still restates."""

described_since: ContextVar[datetime | None] = ContextVar("described_since", default=None)
"""When the backfill began whose windows share what does not depend on the window."""


@dataclass(frozen=True)
class Beginning:
    """What the warehouse says before the API is asked: the fetch that `landed` earlier and may be used instead, or
    the `version` of a new one and what is `due` beside it."""

    landed: Manifest | None = None
    version: int = 0
    due: tuple[Resource, ...] = ()


@dataclass(frozen=True)
class Fetch:
    """One resource of an account to be fetched for a run."""

    account: Account
    resource: Resource
    window: Window
    run: Run
    beginning: Beginning | None = field(default=None, repr=False, compare=False)
    """Where it was looked up with that of others."""

    @property
    def source(self) -> Source:
        return self.account.source

    @property
    def settings(self) -> Settings:
        return self.account.settings

    @property
    def request(self) -> Request:
        reads, version = self.source.reads(self.settings), self.source.version
        source, resource = self.source.name, self.resource
        return Request(
            source, resource.name, self.account.name, reads, self.window, version, by_window=resource.by_window
        )

    @property
    def landing(self) -> Landing:
        return Landing(self.settings.landing_url)


def fetch(asked: Fetch, refresh: bool) -> Manifest:
    """What an earlier fetch left, or a new one. A failure that may pass is tried again after a pause."""
    tries = Retrying(
        retry=retry_if_exception(may_pass),
        stop=stop_after_attempt(asked.settings.fetch_retries + 1),
        wait=wait_fixed(asked.settings.fetch_retry_delay),
        before_sleep=_say_again,
        reraise=True,
    )
    return tries(fetch_once, asked, refresh)


def _say_again(state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    logger.warning("%s Trying again in %g s.", error, state.upcoming_sleep)


def fetch_once(asked: Fetch, refresh: bool) -> Manifest:
    """One try. Raises SourceError, LandingError and WarehouseError."""
    landing, resource, run = asked.landing, asked.resource, asked.run  # Before the API is asked in vain.
    begun = asked.beginning
    if begun is None:
        with warehouse(asked.settings) as client:
            begun = beginning(client, asked, refresh, lambda: begin_read(client, run))
    if begun.landed:
        return begun.landed
    with lent(asked.settings):
        fetched = resource.fetch(asked.settings, asked.window, run.started_at)
        if len(fetched.rows) == 0 and not resource.may_be_empty:
            title = asked.account.title
            raise SourceError(
                f"{title} sent no {resource.name} at all. That cannot be right, so nothing was loaded.",
                transient=True,
            )
        for one in begun.due:
            assert one.once_a_day
            fetched = _with(fetched, one.name, one.once_a_day(asked.settings, fetched, run.started_at))
    return landing.write(asked.request, run.run_id, run.started_at, fetched, begun.version)


def beginning(client: Client, asked: Fetch, refresh: bool, version: Callable[[], int]) -> Beginning:
    """`version`: of a read that begins now, or has begun with the run."""
    if not refresh and (manifest := landed(client, asked)):
        return Beginning(landed=manifest)
    return Beginning(version=version(), due=tuple(_due(client, asked)))


def _due(client: Client, asked: Fetch) -> Iterator[Resource]:
    """What is asked for once a day beside the resource, and was not yet brought today."""
    daily = [one for one in asked.resource.beside if one.once_a_day]
    if daily:
        today = moscow_today(asked.run.started_at)
        begun = Window(first=today, last=today).start
        brought = facts_since(client, asked.source.job, asked.account.name, begun)
        yield from (one for one in daily if one.name not in brought)


def _with(fetched: Fetched, name: str, more: Fetched) -> Fetched:
    """With what came beside it. It is counted, so that no other run of the day asks again, unless it is partial."""
    warnings, notes = (*fetched.warnings, *more.warnings), (*fetched.notes, *more.notes)
    facts = {**fetched.facts, **({name: len(more.rows)} if not more.partial else {})}
    beside = {**fetched.beside, **({name: more} if len(more.rows) else {})}
    return replace(fetched, warnings=warnings, notes=notes, facts=facts, beside=beside)


def landed(client: Client, asked: Fetch) -> Manifest | None:
    """An earlier fetch of the same request that may be used again.

    Of days that were settled when it was made: any. Of what comes whole, such as events, also one of the same
    backfill. Of days that the source could still restate: one of a run that did not come to its end, not for long,
    and not once a good run has read them. One that came with a warning, say without tags, is not used again.
    """
    manifest = asked.landing.newest(asked.request)
    if manifest is None or manifest.warnings:
        return None
    if (moscow_today(manifest.fetched_at) - asked.window.last).days > asked.source.restated_days:
        return manifest
    since = described_since.get()
    if not asked.resource.by_window and since and manifest.fetched_at >= since:
        return manifest
    if asked.run.started_at - manifest.fetched_at > RESUMED_WITHIN:
        return None
    return manifest if manifest.run_id == asked.run.run_id or _was_in_vain(client, asked, manifest) else None


def _was_in_vain(client: Client, asked: Fetch, manifest: Manifest) -> bool:
    """Whether its run failed, and no good run has read the days since."""
    job, account = asked.source.job, asked.account.name
    if status_of(client, job, account, manifest.run_id, manifest.fetched_at) != "failed":
        return False
    # Whether it used this very fetch or read anew: the days' figures may have changed since.
    good = covered(client, job, account, even_with_warnings=True, since=manifest.fetched_at)
    return reads(good, manifest.window).is_empty()


def may_pass(error: BaseException) -> bool:
    """Of our own errors the transient ones are tried again (a wrong token stays wrong), of unknown ones all."""
    return error.transient if isinstance(error, ZakazError) else isinstance(error, Exception)


@dataclass(frozen=True)
class Validated:
    """A resource's rows, and what the run's message says of them: `notes`, and the `money` of the rejected ones, at
    least so much of it as can be read, in words."""

    part: Split
    notes: tuple[str, ...] = ()
    money: str = ""


def validate(account: Account, resource: Resource, manifest: Manifest) -> Validated:
    raw = Landing(account.settings.landing_url).read(manifest)
    notes = []
    if resource.day:
        asked, outside = _within(raw, resource.day, manifest.window)
        if outside:
            notes.append(f"rows of other days than asked for were dropped: {numbered(outside, 'row')}")
            raw = asked
    try:
        part = split(raw, resource.schema)
        if resource.is_optional:
            return _without_rejected(part, resource)
        money = refuse_if_much_is_wrong(part, resource.money)
    except WrongFrame as error:
        raise SourceError(
            f"{account.title} changed its {resource.name} ({manifest.window}): {error}. Nothing was loaded."
        ) from None
    notes += [
        f"odd values of {column} were rounded or left out: {numbered(count, 'value')}"
        for column, count in part.odd.items()
    ]
    return Validated(part, tuple(notes), money)


def _without_rejected(part: Split, resource: Resource) -> Validated:
    """No figure rests on these rows, so none waits in the quarantine."""
    if part.rejected.is_empty():
        return Validated(part)
    reason = part.rejected["reason"].value_counts(sort=True)["reason"][0]
    note = f"rows of {resource.name} that could not be read: {part.rejected.height} ({reason})"
    return Validated(replace(part, rejected=part.rejected.clear()), (note,))


def _within(raw: pl.DataFrame, column: str, window: Window) -> tuple[pl.DataFrame, int]:
    """Rows of the window's days, or of no day that can be read; how many are of others."""
    day = pl.col(column).str.strip_chars().str.to_date("%Y-%m-%d", strict=False)
    asked = raw.filter(day.is_null() | day.is_between(window.first, window.last))
    return asked, raw.height - asked.height


def transform(account: Account, output: Output, splits: dict[str, Split]) -> pl.DataFrame:
    facts = output.build({name: _rows_for(output, part) for name, part in splits.items()})
    facts = facts.with_columns(pl.lit(account.name).alias("account"))
    return _checked(facts, output.schema, output.table.name)


def _rows_for(output: Output, part: Split) -> pl.DataFrame:
    rejected = part.rejected.select(part.valid.columns)
    return pl.concat([part.valid, rejected]) if output.with_rejected and rejected.height else part.valid


def upsert_output(
    client: Client,
    account: Account,
    output: Output,
    facts: pl.DataFrame,
    manifest: Manifest,
    part: Split,
    run: Run,
) -> tuple[Upserted, list[str], list[str]]:
    """What became of the rows; warnings and notes for the run's message. `part`: the raw rows of the output's
    resource."""
    scope = output.table.scope(account.name, manifest.window, manifest.fetched_at)
    if not output.protects:
        return _upsert_summary(client, account, output, facts, manifest, scope), [], []
    facts, unknown = known_from_warehouse(client, account, output, facts, part.valid)
    protected = [_values(part.rejected, output.protects, facts)]
    for column in output.answers_for:
        listed = _values(pl.concat([part.valid, part.rejected.select(part.valid.columns)]), column, facts)
        held = distinct(client, output.table, column, scope).cast({column: facts.schema[column]})
        protected.append(held.join(listed, on=column, how="anti"))
    table = output.table
    if manifest.partial or has_nameless(part, output, facts):
        # Which rows are gone and which were merely not seen is not known.
        table = replace(table, keeps_vanished=True)
    done = upsert_and_show_later(
        client,
        account,
        output,
        run,
        table,
        facts,
        scope,
        manifest.version,
        protected,
        later=left_to_later_reads(client, account, output, facts, manifest.version),
        same=output.identity if output.is_one_row else (),
        judge=lambda changes: None if output.may_shrink else refuse_to_wipe(changes, output, manifest, part.valid),
    )
    warnings: list[str] = []
    notes: list[str] = []
    for one in unknown:
        if one.what not in output.silent:
            whole = facts[output.carried_by or output.protects].n_unique()
            few = one.what in output.lasting and not _are_most(one.count, whole)
            (notes if few else warnings).append(_told(one, output))
    unread = output.unreadable(part.valid) if output.unreadable else None
    if unread is not None and unread.height:
        spent = f"{unread['spent'].sum():.2f}"
        notes.append(f"links of {numbered(unread.height, 'ad')} with {spent} of spend could not be read")
    return done, warnings, notes


def _upsert_summary(
    client: Client, account: Account, output: Output, facts: pl.DataFrame, manifest: Manifest, scope: Scope
) -> Upserted:
    """What sums up or describes a read follows it, whatever becomes of rows. No mart is made of it."""
    if output.with_rejected and manifest.partial:
        facts = facts.clear()  # A part of the orders has no totals to compare with.
    if holds_exactly(client, output.table, facts, scope):
        return Upserted(unchanged=facts.height)
    daily = {one.name for resource in account.source.resources for one in resource.beside if one.once_a_day}
    # A later run of the day did not ask for them, or in vain.
    later = (
        pl.DataFrame.clear
        if output.resource in daily
        else left_to_later_reads(client, account, output, facts, manifest.version)
    )
    done = upsert_and_merge(client, output.table, facts, scope, manifest.version, later=later)
    return replace(done, days=frozenset())


def undescribed(client: Client, account: Account, output: Output, facts: pl.DataFrame) -> list[str]:
    """A warning, where rows that count are of something that nobody describes, so that they count in no city."""
    if output.refers_to is None or output.table.money is None:
        return []
    column, table = output.refers_to
    known = distinct(client, table, column, of_account(account.name)).cast({column: facts.schema[column]})
    rows = facts.filter(output.table.money.is_not_null()).join(known, on=column, how="anti")
    if rows.is_empty():
        return []
    money = total(rows, output.table.money)
    return [
        f"{table.name} does not know {rows[column].n_unique()} of those that {output.table.name} has: "
        f"{numbered(rows.height, 'row')} with {money:.2f} of the money"
    ]


def _are_most(count: int, whole: int) -> bool:
    return count >= A_FEW and count > whole / 2


def _told(unknown: Unknown, output: Output) -> str:
    what, of = f"the {unknown.what}", numbered(unknown.count, output.thing)
    if output.table.money is None:
        return f"not known: {what} of {of}"
    return f"not known: {what} of {of} with {unknown.money:.2f} of money"


def known_from_warehouse(
    client: Client, account: Account, output: Output, facts: pl.DataFrame, raw: pl.DataFrame | None = None
) -> tuple[pl.DataFrame, list[Unknown]]:
    """The facts with what only the warehouse knows, and what stays unknown. `raw`: the rows that they are made of;
    None: they are only some of what the source sent."""
    if not output.carried:
        return facts, []
    money = output.table.money if output.table.money is not None else pl.lit(0)
    unsent = {
        what: facts if raw is None else _values(raw.filter(~sent.fill_null(False)), output.protects, facts)
        for what, sent in output.is_sent.items()
    }
    filled, unknown = carry_forward(
        client,
        output.table.name,
        account.name,
        facts,
        output.carried,
        output.carried_by or output.protects,
        money,
        output.nameless,
        unsent=unsent,
    )
    if filled is facts:
        return facts, unknown
    # A campaign that was filled in is part of the key: one more row of the ad would silently take its place.
    return _checked(filled, output.schema, output.table.name), unknown


def left_to_later_reads(
    client: Client, account: Account, output: Output, facts: pl.DataFrame, version: int
) -> Callable[[pl.DataFrame], pl.DataFrame]:
    """A function that picks, of some rows of the table, those that a good run has judged which read the source
    later than `version`: rows of the days that it read, but for those that it rejected itself. The warehouse is
    asked when the function is called first: where all is as it was, nobody wants to know."""
    source = account.source
    day = output.table.day

    @cache
    def judged() -> tuple[pl.DataFrame, pl.DataFrame | None]:
        """The days, and the values of what it rejected, if any."""
        days = days_read_later(client, source.job, account.name, version)
        if days.is_empty() or not output.protects:
            return days, None
        rejected = rejected_values(client, source.name, account.name, output.resource, output.protects, version)
        rejected = rejected.cast({output.protects: facts.schema[output.protects]}, strict=False)
        # Which row the later run could not judge is not known.
        return (days.clear() if rejected[output.protects].null_count() else days), rejected

    def pick(rows: pl.DataFrame) -> pl.DataFrame:
        days, rejected = judged()
        if days.is_empty():
            return rows.clear()
        if day is not None:
            rows = rows.with_columns(day.alias("day")).join(days, on="day", how="semi").drop("day")
        return rows if rejected is None else rows.join(rejected, on=output.protects, how="anti")

    return pick


def upsert_and_show_later(
    client: Client, account: Account, output: Output, run: Run, table: Table, *frames: Any, **options: Any
) -> Upserted:
    """Upsert and merge; before anything is written the days are noted that the marts have to show."""
    shown: frozenset[date] = frozenset()
    changed: list[pl.DataFrame] = []

    def before(days: frozenset[date], rows: pl.DataFrame) -> None:
        nonlocal shown
        if more := (days | _days_shown(client, account, output, rows)) - shown:
            note(client, run, table.name, more)
            shown |= more
        changed.append(rows)

    done = upsert_and_merge(client, table, *frames, before=before, **options)
    for rows in changed[:1]:  # Another run may have shown them on more days meanwhile, as they were.
        before(frozenset(), rows)
    return replace(done, days=shown)


def _days_shown(client: Client, account: Account, output: Output, rows: pl.DataFrame) -> frozenset[date]:
    """Where a mart shows what changes of a table that is not by day: an event that moves to another city moves all
    its sales."""
    if (mart := output.shown_in) is None:
        return frozenset()
    return frozenset(days_of_values(client, mart, account.name, rows[output.protects].unique()))


def upsert_and_merge(
    client: Client,
    table: Table,
    rows: pl.DataFrame,
    scope: Scope,
    version: int,
    protected: Sequence[pl.DataFrame] = (),
    **options: Any,
) -> Upserted:
    """Upsert, then merge, also after a failed reconcile: what is there must not count twice without FINAL."""
    done = Upserted()
    try:
        done = upsert(client, table, rows, scope, version, protected, **options)
    finally:
        if not done.is_merged:
            merge(client, table.name)
    return done


def has_nameless(part: Split, output: Output, facts: pl.DataFrame) -> bool:
    """Whether a rejected row does not even say whose last good version it should protect."""
    if not output.protects:
        return False
    kind = facts.schema[output.protects]
    return part.rejected[output.protects].cast(kind, strict=False).null_count() > 0


def _values(raw: pl.DataFrame, column: str, facts: pl.DataFrame) -> pl.DataFrame:
    """What raw rows have in the column, once each, with its type in the table."""
    return raw.select(pl.col(column).cast(facts.schema[column], strict=False)).drop_nulls().unique()


def left_by_others(client: Client, account: Account, run: Run) -> list[Entry]:
    """What runs of the account that died, or still go on, have not shown. Before anything is read, older versions
    that they left of their rows are removed: in two partitions a row counts twice."""
    left = not_shown(client, run)
    for table in (output.table for output in account.source.outputs):
        days = {day for entry in left if entry.changed == table.name for day in entry.days}
        note_first = partial(note, client, run, table.name)
        if remove_strays_of_days(client, table, account.name, days, note_first):
            merge(client, table.name)
    return left


def days_to_show(
    client: Client, run: Run, left: Iterable[Entry], marts: Iterable[str]
) -> tuple[list[Entry], set[date], dict[str, Entry]]:
    """What `left_by_others` found and what this run has changed since; the days of it all; and which of the `marts`
    must be compared on all days."""
    mine, any_day = due(client, run)
    days = {day for entry in (*left, *mine) for day in entry.days}
    return [*left, *mine], days, {mart: any_day[mart] for mart in marts if mart in any_day}


def remember(
    client: Client, account: Account, run: Run, days: Iterable[date], *, also_unknown: bool = False
) -> None:
    """What the run left on the days that it changed, for the checks. A backfill was announced: nobody wonders that
    it changes old days."""
    today, seen_by = moscow_today(run.started_at), "backfill" if described_since.get() else "load"
    remember_days(
        client, account.source.name, account.name, days, today, seen_by=seen_by, also_unknown=also_unknown
    )


def refresh_mart(
    client: Client, mart: Mart, schema: pa.DataFrameSchema, days: Iterable[date] | None = None
) -> Upserted:
    """`days`: those on which it may be wrong; None: any. See `merged_at_the_end`."""
    prove = lambda rows: _checked(rows, schema, mart.table.name)  # noqa: E731
    return restate(client, mart, None, prove, days, merges=False)


@contextmanager
def merged_at_the_end(client: Client, source: Source, *, is_written: bool) -> Iterator[None]:
    """Within the block the marts of the source are refreshed. Also where that fails, what is there must not count
    twice without FINAL."""
    try:
        yield
    finally:
        if is_written:
            merge(client, *(mart.table.name for mart, _ in source.marts))


def refresh_reference(client: Client, settings: Settings) -> list[str]:
    """What the marts need besides facts: whose a utm_source is, VAT by date, the basis of the report; and which
    show an ad is for. Warnings: a wrong file of the promoter's leaves what it said before."""
    tables = reference_tables(settings.report_currency, settings.ad_spend_vat == "include")
    warnings: list[str] = []
    try:
        tables.append((AD_SHOWS, ad_shows(settings)))
    except ZakazError as error:
        warnings.append(str(error))
    if changed := not_exactly(client, tables):
        marts = [file.name for file in sql_files("marts")]
        note_all_days(client, marts)  # Should this run die before it does so below.
        for table, rows in changed:
            upsert_and_merge(client, table, rows, Scope(), next_version(client), level=logging.DEBUG)
        note_all_days(client, marts)
    return warnings


def quarantine_rejected(
    client: Client,
    account: Account,
    resource: Resource,
    part: Split,
    run_id: str,
    manifest: Manifest,
) -> tuple[int, int]:
    """How many rows were newly rejected, and how many were released because a good version came."""

    def rejected() -> pl.DataFrame:
        wrong = part.rejected
        if wrong.height:
            later = days_read_later(client, account.source.job, account.name, manifest.version)["day"]
            wrong = _not_read_later(wrong, resource, manifest.window, later)
        return wrong.select(
            record_key(resource),
            "reason",
            pl.col("column").fill_null(""),
            pl.col("value").fill_null(""),
            pl.struct(part.valid.columns).struct.json_encode().alias("record"),
        )

    def accepted() -> pl.Series:
        return part.valid.select(record_key(resource)).to_series().unique()

    return quarantine(
        client,
        account.source.name,
        account.name,
        resource.name,
        rejected(),
        accepted,
        run_id,
        manifest.version,
        manifest.window,
        is_whole=not manifest.partial,
        again=rejected,
    )


def _not_read_later(rejected: pl.DataFrame, resource: Resource, window: Window, later: pl.Series) -> pl.DataFrame:
    """What a late run rejects says nothing of days that a good run has read since."""
    if resource.day:
        day = pl.col(resource.day).str.to_date("%Y-%m-%d", strict=False)
        return rejected.filter(~day.is_in(later.implode()).fill_null(False))
    days = pl.date_range(window.first, window.last, eager=True)
    return rejected.clear() if days.is_in(later.implode()).all() else rejected


def record_key(resource: Resource) -> pl.Expr:
    """The key of a raw row, as text; empty where its first part, an id or a day, is missing or only says what stood
    in its place: that row is like no other."""
    columns = [pl.col(name).fill_null("") for name in resource.key]
    named = pl.col(resource.key[0]).fill_null("").str.contains(r"^\s*[0-9]")
    return pl.when(named).then(pl.concat_str(columns, separator="/")).otherwise(pl.lit("")).alias("record_key")


def _checked(facts: pl.DataFrame, schema: pa.DataFrameSchema, table: str) -> pl.DataFrame:
    """Raw rows have passed validation, so a wrong fact means a bug in a transform or a rule."""
    try:
        wrong = split(facts, schema).rejected
    except WrongFrame as error:
        raise ZakazError(
            f"The rows made for {table} have the wrong shape: {error}. Nothing was written to it."
        ) from None
    if wrong.height:
        reasons = wrong["reason"].value_counts(sort=True).row(0)
        raise ZakazError(
            f"{wrong.height} rows made for {table} break a rule: {reasons[0]} ({reasons[1]} of them). "
            "Nothing was written to it."
        )
    return facts.select(list(schema.columns))
