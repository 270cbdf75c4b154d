"""When a load is refused: what came, or what is gone, is more likely a fault of the source than the truth.

A quarantine is for odd rows. When they carry much of the money, it is the source or a rule of ours that changed,
and a green run with next to nothing in it would hide that. The same holds for much that is gone at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

import polars as pl
from clickhouse_connect.driver.client import Client

from tasks.errors import SourceError
from tasks.landing import Manifest
from tasks.load.accounts import known_marks, note_marks
from tasks.load.runs import next_version
from tasks.load.upsert import Changes
from tasks.settings import MAIN
from tasks.sources.accounts import Account
from tasks.sources.source import Output
from validation.split import Split, WrongFrame

A_FEW = 3
"""Fewest rejected rows for which a load may fail: one odd row or two are for the quarantine."""
ENOUGH_TO_JUDGE = 20
"""Rows from which their being rejected, or missing, says something about the source, whatever the money."""
MUCH = Fraction(1, 4)
"""Share of a window's money which, rejected or removed at once, is more often a fault of the source than true."""


def refuse_if_much_is_wrong(part: Split, money: pl.Expr | None) -> str:
    """What the rejected rows carry, in words. Raises WrongFrame where it is too much."""
    wrong, all_rows = part.rejected.height, part.rejected.height + part.valid.height
    if not wrong:
        return ""
    lost, whole, told = Decimal(wrong), Decimal(all_rows), ""
    if money is not None:
        # A row that is wrong in the money itself, say minus a million, does not show what it carries.
        at_fault = pl.any_horizontal(
            pl.col("column").str.contains(rf"\b{name}\b") for name in money.meta.root_names()
        )
        readable_money = pl.when(~at_fault.fill_null(False)).then(money)
        known, rest = total(part.rejected, readable_money), total(part.valid, money)
        unread = part.rejected.select(readable_money.is_null().sum()).item()
        told = f"{known:.2f} of {known + rest:.2f} of the money"
        told = f"at least {told}" if unread else told
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
        of_money = f", {told}" if told else ""
        raise WrongFrame(f"{wrong} of {all_rows} rows wrong{of_money}, mostly because {reason}")
    return told


def total(rows: pl.DataFrame, money: pl.Expr) -> Decimal:
    return Decimal(rows.select(money.sum()).item() or 0)


def refuse_stranger(client: Client, account: Account, manifests: Iterable[Manifest]) -> None:
    """A credential of another account under the same name would take the first one's rows for gone, and one account
    under two names would count twice. Raises SourceError; remembers by what the account was known."""
    source, marks = account.source, {mark for manifest in manifests for mark in manifest.marks}
    address = source.reads(account.settings).partition("#")[0]
    held = {name: (at, set(known)) for name, at, known in known_marks(client, source.name).iter_rows()}
    known_at, mine = held.get(account.name, ("", set()))
    if mine and marks and not mine & marks:
        raise SourceError(
            f"{account.title}: this is another account than the one whose data the warehouse has as "
            f"{account.name}. Nothing was loaded or removed. Put the first one's credentials back into "
            f"{account.settings.place_of(source.word)}, and the other's into a file of its own, such as "
            f"secrets/.env.{source.word}.new-name."
        )
    for name, (at, known) in held.items():
        if source.names_itself and name != account.name and at == address and known & marks:
            raise SourceError(
                f"{account.title}: this is the account that the warehouse has as {name} already, and its figures "
                f"would count twice. Nothing was loaded. It keeps the name {name}: its settings belong into "
                f"secrets/.env.{source.word}{'' if name == MAIN else '.' + name}, alone, and into no other file."
            )
    if (address, marks or mine) != (known_at, mine):
        note_marks(client, source.name, account.name, address, marks or mine, next_version(client))


def refuse_to_wipe(changes: Changes, output: Output, manifest: Manifest, sent: pl.DataFrame) -> None:
    """Much that is gone at once is a fault of the source far more often than the truth.

    A row whose key changed, as of an ad that moved to another campaign, is not gone. Neither is a row that was
    `sent` (raw) but is zero now, unless no money is left at all. Rows that stay, though they did not come, are not
    compared: their money would hide that all else is gone.
    """
    if changes.gone.is_empty():
        return
    table, same = output.table, list(output.identity)
    money = table.money if table.money is not None else pl.lit(0)
    gone = changes.gone
    made_none = _typed(sent, gone).join(changes.frame, on=same, how="anti", nulls_equal=True)
    zeros = gone.join(made_none, on=same, how="semi", nulls_equal=True)
    is_all = gone.height >= A_FEW and total(zeros, money) > 0 and not total(changes.frame, money)
    if not is_all:
        gone = gone.join(made_none, on=same, how="anti", nulls_equal=True)
    gone = _less(gone, changes.frame.join(changes.held, on=table.key, how="anti"), output)
    rows, lost = gone["rows"].sum(), Decimal(gone["money"].sum())
    if not rows:
        return
    kept = changes.absent.join(changes.gone, on=table.key, how="anti")
    held = changes.held.join(kept, on=table.key, how="anti")
    whole = total(held, money)
    is_much = lost > whole * MUCH.numerator / MUCH.denominator
    if is_much or (rows >= ENOUGH_TO_JUDGE and rows > held.height / 2):
        named = [f"{output.protects} {number}" for number in gone[output.protects].unique().sort().head(A_FEW)]
        raise SourceError(
            f"{manifest.source} no longer sends{', or sends as zeros,' * is_all} {rows} of the {held.height} rows "
            f"that {table.name} holds for {manifest.window}, {lost:.2f} of {whole:.2f} of the money, such as "
            f"{', '.join(named)}. "
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
