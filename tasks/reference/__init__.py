"""What the owner of the data decides and code does not: spellings of cities and of advertising sources."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import polars as pl

_FOLDER = Path(__file__).parent


@cache
def cities() -> pl.DataFrame:
    """Columns city, alias (text); grain: one alias. A city's own name is one of its aliases."""
    return pl.read_csv(_FOLDER / "cities.csv", infer_schema=False)
