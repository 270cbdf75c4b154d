"""The landing area: what a fetch brought, as Parquet parts, before anything is made of it.

Values are text as they came over the wire; only allow-listed fields arrive here. A fetch hands on a small
`Manifest`, never a frame. Knows nothing of APIs or of the warehouse.
"""

from __future__ import annotations

import itertools
import re
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import fsspec
import polars as pl
from pydantic import BaseModel, ConfigDict

from tasks.window import Window

PART_ROWS = 100_000
_STAMP = "%Y%m%dT%H%M%SZ"
_FETCH = re.compile(r"(\d{8}T\d{6}Z)-[0-9a-f]{8}")


@dataclass(frozen=True)
class Fetched:
    """What a source's fetch function returns: raw rows and how they were got.

    `columns` are those that the source really sent; `facts` are counts worth keeping beside the run; `window` is
    set where more days were read than asked for; `partial` where what is not here may exist all the same.
    """

    rows: Sequence[dict[str, str | None]]
    columns: tuple[str, ...]
    api_calls: int
    retries: int
    warnings: tuple[str, ...] = ()
    facts: dict[str, int] = field(default_factory=dict)
    window: Window | None = None
    partial: bool = False


class Manifest(BaseModel):
    """What landed: the files and everything a later step has to know about the fetch."""

    model_config = ConfigDict(frozen=True)

    source: str
    resource: str
    window: Window
    fetched_at: datetime
    paths: tuple[str, ...]
    rows: int
    api_calls: int
    retries: int
    warnings: tuple[str, ...] = ()
    facts: dict[str, int] = {}
    partial: bool = False
    columns: tuple[str, ...] = ()


class Landing:
    """A folder or bucket at any fsspec address, laid out as source/resource/time-of-fetch/part."""

    def __init__(self, url: str) -> None:
        self._fs, self._root = fsspec.core.url_to_fs(url)

    def write(self, source: str, resource: str, window: Window, fetched_at: datetime, fetched: Fetched) -> Manifest:
        stamp = fetched_at.astimezone(UTC).strftime(_STAMP)
        folder = f"{self._root}/{source}/{resource}/{stamp}-{uuid.uuid4().hex[:8]}"
        self._fs.makedirs(folder, exist_ok=True)
        schema = dict.fromkeys(fetched.columns, pl.String)
        paths = []
        for number, rows in enumerate(_parts(fetched.rows)):
            path = f"{folder}/part-{number:05}.parquet"
            with self._fs.open(path, "wb") as file:
                pl.DataFrame(rows, schema=schema, orient="row").write_parquet(file)
            paths.append(path)
        return Manifest(
            source=source,
            resource=resource,
            window=fetched.window or window,
            fetched_at=fetched_at,
            paths=tuple(paths),
            rows=len(fetched.rows),
            api_calls=fetched.api_calls,
            retries=fetched.retries,
            warnings=fetched.warnings,
            facts=fetched.facts,
            partial=fetched.partial,
            columns=fetched.columns,
        )

    def read(self, manifest: Manifest) -> pl.DataFrame:
        """All parts as one frame of String columns."""
        frames = []
        for path in manifest.paths:
            with self._fs.open(path, "rb") as file:
                frames.append(pl.read_parquet(file))
        return pl.concat(frames, rechunk=True)

    def holds(self, manifest: Manifest) -> bool:
        return all(self._fs.exists(path) for path in manifest.paths)

    def prune(self, source: str, now: datetime, keep_days: int) -> int:
        """Remove the source's fetches older than `keep_days` and say how many. Their rows are in the warehouse.

        Whatever else lies there stays: the address may be a bucket that is not ours alone.
        """
        oldest = (now - timedelta(days=keep_days)).astimezone(UTC).strftime(_STAMP)
        stale = [
            path
            for path in self._fs.glob(f"{self._root}/{source}/*/*")
            if (fetch := _FETCH.fullmatch(path.rsplit("/", 1)[-1])) and fetch[1] < oldest
        ]
        for path in stale:
            with suppress(FileNotFoundError):  # another run tidies up too
                self._fs.rm(path, recursive=True)
        return len(stale)


def _parts(rows: Sequence[dict[str, Any]]) -> Iterator[Iterable[dict[str, Any]]]:
    """At least one part, so that an empty fetch keeps its columns."""
    for start in itertools.chain([0], range(PART_ROWS, len(rows), PART_ROWS)):
        yield rows[start : start + PART_ROWS]
