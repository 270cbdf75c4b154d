"""The steps of an ingestion run as Prefect tasks: thin, named for the UI, frames never persisted.

Only the fetch is cached, as a manifest of landed files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pandera.polars as pa
import polars as pl
from clickhouse_connect.driver.client import Client
from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.context import TaskRunContext
from prefect.tasks import Task

from flows.source import Output, Resource, Source
from tasks.errors import SourceError, ZakazError
from tasks.landing import Landing, Manifest
from tasks.load.carry_forward import Unknown, carry_forward
from tasks.load.mart import restate
from tasks.load.quarantine import quarantine, rejected_values
from tasks.load.reference import reference_tables
from tasks.load.runs import Run, begin_read, days_read_later, next_version
from tasks.load.tables import Mart, Scope, Table
from tasks.load.upsert import Changes, Upserted, distinct, merge, upsert
from tasks.load.warehouse import warehouse
from tasks.settings import Settings
from tasks.window import Window, moscow_today
from validation.split import Split, WrongFrame, split

A_FEW = 3
"""Fewest rejected rows for which a load may fail: one odd row or two are for the quarantine."""
ENOUGH_TO_JUDGE = 20
"""Rows from which their being rejected, or missing, says something about the source, whatever the money."""
MUCH = Fraction(1, 4)
"""Share of a window's money which, rejected or removed at once, is more often a fault of the source than true."""


def _fetch_key(context: TaskRunContext, parameters: dict[str, Any]) -> str:
    """Source, account, window, the fetch's version and the manifest's form; while the source may still restate the
    window, the flow run as well, so that only a resumed or retried run finds what it had."""
    source, window = parameters["source"], parameters["window"]
    parts = [
        source.name,
        parameters["resource"].name,
        source.version,
        source.account(parameters["settings"]),
        str(window),
        # A manifest that an earlier version of this code wrote may lack what this one reads.
        ",".join(sorted(Manifest.model_fields)),
    ]
    if (moscow_today() - window.last).days <= source.restated_days:
        parts.append(str(context.task_run.flow_run_id))
    return "zakaz-fetch-" + hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _may_mend(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """A wrong token or address stays wrong: only failures of the moment are worth a second fetch."""
    error = state.result(raise_on_failure=False)
    return error.transient if isinstance(error, ZakazError) else True


@task(
    task_run_name="fetch {resource.name} {window}",
    cache_key_fn=_fetch_key,
    persist_result=True,
    result_serializer="json",
    retry_condition_fn=_may_mend,
)
def fetch_step(source: Source, resource: Resource, settings: Settings, window: Window, run: Run) -> Manifest:
    landing = Landing(settings.landing_url)  # Before the API is asked for what could not be kept.
    with warehouse(settings) as client:
        version = begin_read(client, run)
    fetched = resource.fetch(settings, window, run.started_at)
    if not fetched.rows and not resource.may_be_empty:
        raise SourceError(
            f"{source.title} sent no {resource.name} at all. That cannot be right, so nothing was loaded.",
            transient=True,
        )
    return landing.write(source.name, resource.name, window, run.started_at, fetched, version)


def fetch(
    source: Source, resource: Resource, settings: Settings, window: Window, run: Run, refresh: bool
) -> Manifest:
    """The landed manifest, from the cache where its files are still there."""
    step = fetch_step.with_options(
        retries=settings.fetch_retries,
        retry_delay_seconds=settings.fetch_retry_delay,
        refresh_cache=refresh,
    )
    manifest = step(source, resource, settings, window, run)
    if manifest.fetched_at == run.started_at:  # It landed just now: `validate` compares the digests as it reads.
        return manifest
    # An earlier fetch that came with a warning, say without tags, is no answer to keep for settled days.
    if Landing(settings.landing_url).holds(manifest) and not manifest.warnings:
        return manifest
    return step.with_options(refresh_cache=True)(source, resource, settings, window, run)


@dataclass(frozen=True)
class Judged:
    """A resource's rows, and what the run's message says of them: `notes`, and the `money` of the rejected ones, at
    least so much of it as can be read, in words."""

    part: Split
    notes: tuple[str, ...] = ()
    money: str = ""


@task(task_run_name="validate {resource.name}", cache_policy=NO_CACHE)
def validate(source: Source, resource: Resource, settings: Settings, manifest: Manifest) -> Judged:
    raw = Landing(settings.landing_url).read(manifest)
    notes = []
    if resource.day:
        asked, outside = _within(raw, resource.day, manifest.window)
        if outside:
            notes.append(f"{outside} rows of other days than asked for were dropped")
            raw = asked
    try:
        part = split(raw, resource.schema)
        money = _refuse_if_much_is_wrong(part, resource.money)
    except WrongFrame as error:
        raise SourceError(
            f"{source.title} changed its {resource.name} ({manifest.window}): {error}. Nothing was loaded."
        ) from None
    notes += [f"{count} odd values of {column} were rounded or left out" for column, count in part.odd.items()]
    return Judged(part, tuple(notes), money)


def _within(raw: pl.DataFrame, column: str, window: Window) -> tuple[pl.DataFrame, int]:
    """Rows of the window's days, or of no day that can be read; how many are of others."""
    day = pl.col(column).str.strip_chars().str.to_date("%Y-%m-%d", strict=False)
    asked = raw.filter(day.is_null() | day.is_between(window.first, window.last))
    return asked, raw.height - asked.height


def _refuse_if_much_is_wrong(part: Split, money: pl.Expr | None) -> str:
    """A quarantine is for odd rows. When they carry much of the money it is the source, or a rule of ours, that
    changed, and a green run with next to nothing would hide it. What they carry, in words."""
    wrong, all_rows = part.rejected.height, part.rejected.height + part.valid.height
    if not wrong:
        return ""
    lost, whole, said = Decimal(wrong), Decimal(all_rows), ""
    if money is not None:
        # A row that is wrong in the money itself, say minus a million, tells nothing of what it carries.
        at_fault = pl.any_horizontal(
            pl.col("column").str.contains(rf"\b{name}\b") for name in money.meta.root_names()
        )
        readable_money = pl.when(~at_fault.fill_null(False)).then(money)
        known, rest = _sum(part.rejected, readable_money), _sum(part.valid, money)
        unread = part.rejected.select(readable_money.is_null().sum()).item()
        said = f"{'at least ' if unread else ''}{known:.2f} of {known + rest:.2f}"
        # A row whose money cannot be read counts as much as the others do on average.
        readable = max(all_rows - unread, 1)
        lost, whole = known + unread * (known + rest) / readable, (known + rest) * all_rows / readable
        if not whole:
            lost, whole = Decimal(wrong), Decimal(all_rows)
    is_enough = wrong >= A_FEW or all_rows >= ENOUGH_TO_JUDGE
    if (is_enough and lost > whole * MUCH.numerator / MUCH.denominator) or (
        wrong >= ENOUGH_TO_JUDGE and wrong > all_rows / 2
    ):
        reason = part.rejected["reason"].value_counts(sort=True)["reason"][0]
        of_money = f" ({said} of the money)" if said else ""
        raise WrongFrame(f"{wrong} of {all_rows} rows are wrong{of_money}, most of them because {reason}")
    return said


def _sum(rows: pl.DataFrame, money: pl.Expr) -> Decimal:
    return Decimal(rows.select(money.sum()).item() or 0)


@task(task_run_name="transform to {output.table.name}", cache_policy=NO_CACHE)
def transform(output: Output, splits: dict[str, Split]) -> pl.DataFrame:
    facts = output.build({name: part.valid for name, part in splits.items()})
    return _proved(facts, output.schema, output.table.name)


@task(task_run_name="compare accounts", cache_policy=NO_CACHE)
def refuse_stranger(output: Output, settings: Settings, facts: pl.DataFrame) -> None:
    """Where the API does not name the account, its objects do: one that shares none with the warehouse is another,
    and its load would take the first one's rows for gone."""
    with warehouse(settings) as client:
        held = distinct(client, output.table, output.protects, Scope())
    if held.height and facts.height:
        known = held.cast({output.protects: facts.schema[output.protects]})
        if facts.join(known, on=output.protects, how="semi").is_empty():
            raise SourceError(
                f"Not one of the {facts.height} rows for {output.table.name} is known to this warehouse: the token "
                "belongs to another account. Set CLICKHOUSE_DATABASE to a database of its own. Nothing was loaded."
            )


@task(task_run_name="upsert {output.table.name}", cache_policy=NO_CACHE)
def load(
    source: Source, output: Output, settings: Settings, facts: pl.DataFrame, manifest: Manifest, part: Split
) -> tuple[Upserted, list[str], list[str]]:
    """What became of the rows; warnings and notes for the run's message. `part`: the raw rows of the output's
    resource."""
    with warehouse(settings) as client:
        scope = output.table.scope(manifest.window, manifest.fetched_at)
        facts, unknown = carried(client, output, facts)
        protected = [_values(part.rejected, output.protects, facts)]
        for column in output.answers_for:
            listed = _values(pl.concat([part.valid, part.rejected.select(part.valid.columns)]), column, facts)
            held = distinct(client, output.table, column, scope).cast({column: facts.schema[column]})
            same = pl.col(column) if facts.schema[column] != pl.String else output.spelling(pl.col(column))
            known = listed.select(same)[column]
            protected.append(held.filter(~same.is_in(known.implode())))
        table = output.table
        if manifest.partial or has_nameless(part, output, facts):
            # Nobody can tell which rows are gone and which were merely not seen.
            table = replace(table, keeps_vanished=True)
        done = put(
            client,
            table,
            facts,
            scope,
            manifest.version,
            protected,
            later=left_to_later_reads(client, source, output, settings, facts, manifest.version),
            same=output.identity if output.is_one_row else (),
            judge=lambda changes: _refuse_to_wipe(changes, output, manifest, part.valid),
        )
    warnings: list[str] = []
    notes: list[str] = []
    for one in unknown:
        if one.what not in output.silent:
            few = one.what in output.lasting and not _are_most(one.count, facts[output.protects].n_unique())
            (notes if few else warnings).append(f"the {_of(one, output)} is not known")
    unread = output.unreadable(part.valid) if output.unreadable else None
    if unread is not None and unread.height:
        notes.append(f"links of {unread.height} ads with {unread['spent'].sum():.2f} of spend could not be read")
    return done, warnings, notes


def undescribed(output: Output, settings: Settings, facts: pl.DataFrame) -> list[str]:
    """A warning, where rows that count are of something that nobody describes, so that they count in no city."""
    if output.refers_to is None or output.table.money is None:
        return []
    column, table = output.refers_to
    with warehouse(settings) as client:
        known = distinct(client, table, column, Scope()).cast({column: facts.schema[column]})
    rows = facts.filter(output.table.money.is_not_null()).join(known, on=column, how="anti")
    if rows.is_empty():
        return []
    money = _sum(rows, output.table.money)
    return [
        f"{rows.height} rows of {output.table.name} with {money:.2f} of the money are of {rows[column].n_unique()} "
        f"that {table.name} does not know"
    ]


def _are_most(count: int, whole: int) -> bool:
    return count >= A_FEW and count > whole / 2


def _of(unknown: Unknown, output: Output) -> str:
    money = f" with {unknown.money:.2f} of spend" if output.table.money is not None else ""
    return f"{unknown.what} of {unknown.count} {output.things}{money}"


def carried(client: Client, output: Output, facts: pl.DataFrame) -> tuple[pl.DataFrame, list[Unknown]]:
    """The facts with what only the warehouse knows, and what stays unknown."""
    money = output.table.money if output.table.money is not None else pl.lit(0)
    facts, unknown = carry_forward(
        client, output.table.name, facts, output.carried, output.protects, money, output.nameless
    )
    # A campaign that was filled in is part of the key: one more row of the ad would silently take its place.
    return _proved(facts, output.schema, output.table.name), unknown


def left_to_later_reads(
    client: Client, source: Source, output: Output, settings: Settings, facts: pl.DataFrame, version: int
) -> Callable[[pl.DataFrame], pl.DataFrame]:
    """Which of some rows of the table a good run has judged that read the source later than `version`: those of the
    days that it read, but for rows that it rejected itself."""
    days = days_read_later(client, source.job, source.fingerprint(settings), version)
    if days.is_empty():
        return pl.DataFrame.clear
    rejected = rejected_values(client, source.name, output.resource, output.protects, version)
    rejected = rejected.cast({output.protects: facts.schema[output.protects]}, strict=False)
    if rejected[output.protects].null_count():
        return pl.DataFrame.clear  # Nobody can tell which row the later run could not judge.
    day = output.table.day

    def judged(rows: pl.DataFrame) -> pl.DataFrame:
        if day is not None:
            rows = rows.with_columns(day.alias("day")).join(days, on="day", how="semi").drop("day")
        return rows.join(rejected, on=output.protects, how="anti")

    return judged


def put(
    client: Client,
    table: Table,
    rows: pl.DataFrame,
    scope: Scope,
    version: int,
    protected: Sequence[pl.DataFrame] = (),
    **options: Any,
) -> Upserted:
    """Upsert, then merge, also after a failed reconcile: what is there must not count twice without FINAL."""
    try:
        return upsert(client, table, rows, scope, version, protected, **options)
    finally:
        merge(client, table.name)


def has_nameless(part: Split, output: Output, facts: pl.DataFrame) -> bool:
    """Whether a rejected row does not even say whose last good version it should protect."""
    kind = facts.schema[output.protects]
    return part.rejected[output.protects].cast(kind, strict=False).null_count() > 0


def _values(raw: pl.DataFrame, column: str, facts: pl.DataFrame) -> pl.DataFrame:
    """What raw rows have in the column, once each, with its type in the table."""
    return raw.select(pl.col(column).cast(facts.schema[column], strict=False)).drop_nulls().unique()


def _refuse_to_wipe(changes: Changes, output: Output, manifest: Manifest, sent: pl.DataFrame) -> None:
    """Much that is gone at once is a fault of the source far more often than the truth.

    What came under another key, as of an ad that moved to another campaign, is not gone; nor is what was `sent`
    (raw) and made no row, as a day's figures that were restated to zero. Only what the load answers for is
    compared: another account's money would hide that one lost all of its own.
    """
    table, same = output.table, list(output.identity)
    made_none = _typed(sent, changes.gone).join(changes.frame, on=same, how="anti", nulls_equal=True)
    gone = changes.gone.join(made_none, on=same, how="anti", nulls_equal=True)
    gone = _less(gone, changes.frame.join(changes.held, on=table.key, how="anti"), output)
    rows, lost = gone["rows"].sum(), Decimal(gone["money"].sum())
    if not rows:
        return
    kept = changes.absent.join(changes.gone, on=table.key, how="anti")
    held = changes.held.join(kept, on=table.key, how="anti")
    whole = _sum(held, table.money) if table.money is not None else Decimal(0)
    is_much = lost > whole * MUCH.numerator / MUCH.denominator
    if is_much or (rows >= ENOUGH_TO_JUDGE and rows > held.height / 2):
        named = [f"{output.protects} {number}" for number in gone[output.protects].unique().sort().head(A_FEW)]
        raise SourceError(
            f"{manifest.source} no longer sends {rows} of the {held.height} rows that {table.name} holds "
            f"for {manifest.window}, {lost:.2f} of {whole:.2f} of the money, such as {', '.join(named)}. "
            "Nothing was removed. If it is true, delete them with `zakaz sql` and load again.",
            transient=True,
        )


def _less(gone: pl.DataFrame, came: pl.DataFrame, output: Output) -> pl.DataFrame:
    """What is gone of each identity, less what came of it: columns rows, money and those of the identity."""
    money = output.table.money if output.table.money is not None else pl.lit(0)
    same = [pl.col(one) if isinstance(one, str) else one for one in output.identity]
    names = [one.meta.output_name() for one in same]
    parts = [
        rows.group_by(same).agg(
            pl.len().cast(pl.Int64).alias("rows"), money.sum().cast(pl.Decimal(38, 2)).alias("money")
        )
        for rows in (gone, came)
    ]
    left = parts[0].join(parts[1], on=names, how="left", nulls_equal=True, suffix="_came")
    return left.with_columns(
        pl.max_horizontal(
            pl.col(name) - pl.col(f"{name}_came").fill_null(0), pl.lit(0).cast(left.schema[name])
        ).alias(name)
        for name in ("rows", "money")
    ).filter(pl.col("rows") + (pl.col("money") > 0) > 0)


def _typed(raw: pl.DataFrame, facts: pl.DataFrame) -> pl.DataFrame:
    """The columns that raw rows share with the facts, with the facts' types: null for what is none."""
    shared = {name: kind for name, kind in facts.schema.items() if name in raw.columns}
    return raw.select(
        pl.col(name).str.to_date("%Y-%m-%d", strict=False)
        if kind == pl.Date
        else pl.col(name).cast(kind, strict=False)
        for name, kind in shared.items()
        if kind.is_integer() or kind in (pl.String, pl.Date)
    )


@task(task_run_name="refresh {mart.table.name}", cache_policy=NO_CACHE)
def refresh_mart(mart: Mart, schema: pa.DataFrameSchema, settings: Settings) -> Upserted:
    with warehouse(settings) as client:
        return restate(client, mart, next_version(client), lambda rows: _proved(rows, schema, mart.table.name))


@task(task_run_name="quarantine {resource.name}", cache_policy=NO_CACHE)
def set_aside(
    source: Source, resource: Resource, settings: Settings, part: Split, run_id: str, manifest: Manifest
) -> tuple[int, int]:
    """How many rows were newly set aside, and how many were released because a good version came."""
    with warehouse(settings) as client:
        later = days_read_later(client, source.job, source.fingerprint(settings), manifest.version)["day"]
        wrong = _not_read_later(part.rejected, resource, manifest.window, later)
        rejected = wrong.select(
            record_key(resource),
            "reason",
            pl.col("column").fill_null(""),
            pl.col("value").fill_null(""),
            pl.struct(part.valid.columns).struct.json_encode().alias("record"),
        )
        accepted = part.valid.select(record_key(resource)).to_series().unique()
        return quarantine(
            client,
            source.name,
            resource.name,
            rejected,
            accepted,
            run_id,
            manifest.version,
            manifest.window,
            is_whole=not manifest.partial,
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


@task(task_run_name="refresh reference tables", cache_policy=NO_CACHE)
def load_reference(settings: Settings) -> None:
    """What the marts need besides facts: whose a utm_source is, VAT by date, the basis of the report."""
    with warehouse(settings) as client:
        for table, rows in reference_tables(settings.report_currency, settings.ad_spend_vat == "include"):
            put(client, table, rows, Scope(), next_version(client))


def _proved(facts: pl.DataFrame, schema: pa.DataFrameSchema, table: str) -> pl.DataFrame:
    """Raw rows were judged before, so a wrong fact is a fault of ours or of a rule: the run must not go on."""
    try:
        wrong = split(facts, schema).rejected
    except WrongFrame as error:
        raise ZakazError(f"The rows made for {table} have the wrong shape: {error}. Nothing was loaded.") from None
    if wrong.height:
        reasons = wrong["reason"].value_counts(sort=True).row(0)
        raise ZakazError(
            f"{wrong.height} rows made for {table} break a rule: {reasons[0]} ({reasons[1]} of them). "
            "Nothing was loaded."
        )
    return facts.select(list(schema.columns))
