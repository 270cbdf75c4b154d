"""The text of a report: TSV with a line of column names, the rows, and `Total rows: N`, which proves that none
is missing.

Names of campaigns may contain tabs and line feeds. Every other column has a known form, and N is the number
of rows, so broken lines are joined again.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

import polars as pl

from tasks.fetch.decode import TooLarge

_TOTAL = re.compile(r"^Total rows:\s*(\d{1,12})\s*$")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_NUMBER = re.compile(r"^(-?[0-9][0-9.,eE+]*|-{1,2})$")
_MOST_LINES = 500_000
"""Names of campaigns may take several lines each; a line of two letters takes sixty bytes of memory."""
_FREE_TEXT = "CampaignName"
_FORMS = {"Date": re.compile(r"^\d{4}-\d\d-\d\d$")} | dict.fromkeys(
    ("CampaignId", "AdGroupId", "AdId", "Impressions", "Clicks", "Cost", "Conversions"), _NUMBER
)
"""Of the columns that are requested."""


class NotWhole(Exception):
    """The text cannot be read as the number of rows in its last line."""


def parse(text: str, fields: Mapping[str, str], optional: Collection[str] = ()) -> pl.DataFrame:
    """Columns: `fields` (our name to the report's), all text, found by name in any order; those in `optional` are
    null if the report does not have them.

    A row with too few or too many cells keeps only its text, as `stat_date`, to be set aside with a reason. Raises
    NotWhole, and TooLarge for text of mere line feeds.
    """
    header, lines = _lines(text, {name for column, name in fields.items() if column not in optional})
    rows = lines.to_frame("line").with_columns(
        pl.col("line").str.extract_groups(_pattern(header, fields)).alias("cells"),
        *(pl.lit(None, pl.String).alias(column) for column, name in fields.items() if name not in header),
    )
    rows = rows.unnest("cells")
    if "campaign_name" in fields:
        rows = rows.with_columns(_one_line(pl.col("campaign_name")))
    if "stat_date" in fields:
        odd = pl.when(pl.col("stat_date").is_null()).then("line").str.replace_all("\t", " ", literal=True)
        rows = rows.with_columns(pl.coalesce("stat_date", _one_line(odd).str.head(200)))
    return rows.select(fields.keys())


def _lines(text: str, wanted: set[str]) -> tuple[list[str], pl.Series]:
    """The names of the columns, and the rows, each one text."""
    if text.count("\n") > _MOST_LINES:
        raise TooLarge(f"more than {_MOST_LINES} lines")
    lines = [line.rstrip("\r") for line in text.removeprefix("\ufeff").split("\n") if line.strip()]
    at = next((n for n, line in enumerate(lines) if wanted <= set(line.split("\t"))), None)
    total = _TOTAL.match(lines[-1]) if lines else None
    if at is None or total is None:
        raise NotWhole("is not whole")
    header = lines[at].split("\t")
    return header, pl.Series(_joined(lines[at + 1 : -1], header, int(total[1])), dtype=pl.String)


def _pattern(header: list[str], fields: Mapping[str, str]) -> str:
    """A row with a cell for each column. Only a name may have tabs: the cells after it are counted from the end."""
    columns = {header.index(name): column for column, name in fields.items() if name in header}
    cells = [".*" if name == _FREE_TEXT else r"[^\t]*" for name in header]
    named = (f"(?P<{columns[place]}>{cell})" if place in columns else cell for place, cell in enumerate(cells))
    return "(?s)^" + r"\t".join(named) + "$"


def _joined(lines: list[str], header: list[str], total: int) -> list[str]:
    """One line a row. A row ends where its last columns have their form and the next line has that of the first."""
    if len(lines) == total:
        return lines
    if len(lines) < total or _FREE_TEXT not in header or total == 0:
        raise NotWhole(f"has {len(lines)} rows and says it has {total}")
    free = header.index(_FREE_TEXT)
    before, after = header[:free], header[free + 1 :]
    parts = [lines[:1]]
    for line in lines[1:]:
        if _ends(parts[-1][-1], after) and _begins(line, before):
            parts.append([line])
        else:
            parts[-1].append(line)
    if total == 1:
        parts = [lines]  # However much of the name looks like the end of a row and the start of another.
    if len(parts) != total or not _begins(parts[0][0], before) or not _ends(parts[-1][-1], after):
        raise NotWhole(f"has {len(parts)} rows and says it has {total}")
    return ["\n".join(lines) for lines in parts]


def _begins(line: str, names: list[str]) -> bool:
    cells = line.split("\t", len(names))
    return len(cells) > len(names) and _have_their_form(cells, names)


def _ends(line: str, names: list[str]) -> bool:
    cells = line.rsplit("\t", len(names)) if names else [line]
    return len(cells) > len(names) and _have_their_form(cells[1:], names)


def _have_their_form(cells: list[str], names: list[str]) -> bool:
    return all(_FORMS[name].match(cell) for cell, name in zip(cells, names, strict=False) if name in _FORMS)


def one_line(text: str) -> str:
    """Without line breaks, tabs and other control characters: a space for each run of them."""
    return _CONTROL.sub(" ", text)


def _one_line(text: pl.Expr) -> pl.Expr:
    return text.str.replace_all(_CONTROL.pattern, " ")
