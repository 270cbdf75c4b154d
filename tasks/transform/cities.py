"""One name for a city, however it was written: `msk`, `Moscow` and `МСК` are `москва`.

An unknown one stays as written, so that it is seen and counted rather than dropped.
"""

from __future__ import annotations

import polars as pl


def canonical_city(column: str, aliases: pl.DataFrame) -> pl.Expr:
    """The city's lower-case Russian name. `aliases`: columns city, alias (both text), one row an alias."""
    known = aliases.select(_key(pl.col("alias")), "city").unique(maintain_order=True)
    written = pl.col(column).str.strip_chars().fill_null("")
    return _key(written).replace_strict(known["alias"], known["city"], default=written, return_dtype=pl.String)


def _key(name: pl.Expr) -> pl.Expr:
    """What two spellings of one alias share: case, ё and the kind of gap do not count."""
    return name.str.strip_chars().str.to_lowercase().str.replace_all("ё", "е").str.replace_all(r"[\s_.\-–]+", "-")
