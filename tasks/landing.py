"""The landing area: what a fetch brought, as Parquet parts, before anything is made of it.

Values are text as they came over the wire; only allow-listed fields arrive here. A fetch hands on a small
`Manifest`, never a frame. Knows nothing of APIs or of the warehouse.
"""

from __future__ import annotations

import hashlib
import io
import itertools
import re
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import fsspec
import polars as pl
from pydantic import BaseModel, ConfigDict

from tasks.errors import LandingError
from tasks.exposure import make_private
from tasks.window import Window

PART_ROWS = 100_000
_BUCKETS = {"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az"}
"""Protocols of file systems without folders."""
_STAMP = "%Y%m%dT%H%M%SZ"
_FETCH = re.compile(r"(\d{8}T\d{6}Z)-[0-9a-f]{8}")


@dataclass(frozen=True)
class Fetched:
    """What a source's fetch function returns: raw rows and what is to be known of them.

    `columns` are those that the source really sent; `facts` are counts worth keeping beside the run; `window` is
    set where more days were read than asked for; `partial` where what is not here may exist all the same.
    `warnings`: what a later read may mend, so the days are to be read again; `notes`: what was missing or odd and
    will stay so, counted for the run's message.
    """

    rows: Sequence[dict[str, str | None]]
    columns: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    facts: dict[str, int] = field(default_factory=dict)
    window: Window | None = None
    partial: bool = False
    notes: tuple[str, ...] = ()


class Manifest(BaseModel):
    """What landed: the files, what is in them (SHA-256), and everything a later step has to know about the fetch.

    Only what a manifest names has landed: a fetch that dies leaves parts, whole and torn, of which none speaks.
    `version` orders the reads of the source.
    """

    model_config = ConfigDict(frozen=True)

    source: str
    resource: str
    window: Window
    fetched_at: datetime
    paths: tuple[str, ...]
    digests: tuple[str, ...] = ()
    rows: int
    version: int
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    facts: dict[str, int] = {}
    partial: bool = False
    columns: tuple[str, ...] = ()


class Landing:
    """A folder or bucket at any fsspec address, laid out as source/resource/time-of-fetch/part.

    Raises LandingError for whatever the file system raises.
    """

    def __init__(self, url: str) -> None:
        self._url, self._place = url, re.sub(r"(?<=://).*@|\?.*", "", url)
        with self._reached():
            self._fs, self._root = fsspec.core.url_to_fs(url)

    def write(
        self, source: str, resource: str, window: Window, fetched_at: datetime, fetched: Fetched, version: int = 0
    ) -> Manifest:
        stamp = fetched_at.astimezone(UTC).strftime(_STAMP)
        folder = f"{self._root}/{source}/{resource}/{stamp}-{uuid.uuid4().hex[:8]}"
        schema = dict.fromkeys(fetched.columns, pl.String)
        digests = {}
        for number, rows in enumerate(_parts(fetched.rows)):
            part = io.BytesIO()
            pl.DataFrame(rows, schema=schema, orient="row").write_parquet(part)
            path = f"{folder}/part-{number:05}.parquet"
            self._put(path, part.getvalue())
            digests[path] = _sha256(part.getvalue())
        return Manifest(
            source=source,
            resource=resource,
            window=fetched.window or window,
            fetched_at=fetched_at,
            paths=tuple(digests),
            digests=tuple(digests.values()),
            rows=len(fetched.rows),
            version=version,
            warnings=fetched.warnings,
            notes=fetched.notes,
            facts=fetched.facts,
            partial=fetched.partial,
            columns=fetched.columns,
        )

    def read(self, manifest: Manifest) -> pl.DataFrame:
        """All parts as one frame of String columns. Raises LandingError where one is not as it was written: torn by
        a loss of power or a full disk, changed, or gone."""
        parts = itertools.zip_longest(manifest.paths, manifest.digests)
        return pl.concat([pl.read_parquet(self._whole(manifest, *part)) for part in parts], rechunk=True)

    def holds(self, manifest: Manifest) -> bool:
        """Whether every part is here as it was written. For a fetch of another run, which may lie here for long;
        `read` finds out too, but cannot ask the source again."""
        # Another LANDING_URL may have been in use when it was written.
        ours = all(path.startswith(f"{self._root}/") for path in manifest.paths)
        return ours and tuple(self._digest(path) for path in manifest.paths) == manifest.digests

    def discard(self, manifest: Manifest) -> None:
        """What could not be loaded is no answer to keep: the next run asks the source again."""
        with self._reached():
            for path in manifest.paths:
                if self._fs.exists(path):
                    self._fs.rm_file(path)

    def probe(self) -> str:
        """Put something there, read it back and remove it, as loads do; give the place."""
        path, content = f"{self._root}/probe-{uuid.uuid4().hex[:8]}", b"zakaz"
        self._put(path, content)
        try:
            same = self._get(path) == content
        finally:
            with self._reached():
                self._fs.rm_file(path)
        if not same:
            raise LandingError(f"The landing area {self._place} does not give back what was put there.")
        return self._place

    def prune(self, source: str, now: datetime, keep_days: int) -> int:
        """Remove the source's fetches older than `keep_days` and say how many. Their rows are in the warehouse.

        Whatever else lies there stays: the address may be a bucket that is not ours alone.
        """
        oldest = (now - timedelta(days=keep_days)).astimezone(UTC).strftime(_STAMP)
        with self._reached():
            stale = [
                path
                for path in self._fs.glob(f"{self._root}/{source}/*/*")
                if (fetch := _FETCH.fullmatch(path.rsplit("/", 1)[-1])) and fetch[1] < oldest
            ]
            for path in stale:
                with suppress(FileNotFoundError):  # another run tidies up too
                    self._fs.rm(path, recursive=True)
        return len(stale)

    def _put(self, path: str, content: bytes) -> None:
        with self._reached():
            if urlsplit(self._url).scheme in ("", "file"):
                make_private(Path(self._root))
            if urlsplit(self._url).scheme not in _BUCKETS:  # There it would make a bucket of a mistyped name.
                self._fs.makedirs(path.rsplit("/", 1)[0], exist_ok=True)
            self._fs.pipe_file(path, content)

    def _get(self, path: str) -> bytes:
        with self._reached():
            return bytes(self._fs.cat_file(path))

    def _whole(self, manifest: Manifest, path: str, digest: str | None) -> io.BytesIO:
        try:
            with self._reached(passes=FileNotFoundError):
                content = bytes(self._fs.cat_file(path))
        except FileNotFoundError:
            raise self._lost(manifest, path, "is gone from") from None
        if _sha256(content) != digest:
            raise self._lost(manifest, path, "is not as it was written to")
        return io.BytesIO(content)

    def _lost(self, manifest: Manifest, path: str, how: str) -> LandingError:
        part = path.rsplit("/", 1)[-1]
        return LandingError(
            f"{manifest.source} {manifest.resource} {manifest.window}: {part} of what was fetched "
            f"at {manifest.fetched_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC {how} the landing area {self._place}. "
            "Nothing was loaded; the next run fetches it again.",
            transient=True,
        )

    def _digest(self, path: str) -> str | None:
        with self._reached():
            return _sha256(self._fs.cat_file(path)) if self._fs.exists(path) else None

    @contextmanager
    def _reached(self, passes: type[Exception] | tuple[()] = ()) -> Iterator[None]:
        """Each file system raises errors of its own library's; to a reader they are one. `passes` gets through."""
        try:
            yield
        except passes:
            raise
        except Exception as error:  # noqa: BLE001
            raise LandingError(
                f"The landing area {self._place} cannot be used: {self._told(error)}. "
                "Look at LANDING_URL, its keys and its space.",
                transient=not isinstance(error, PermissionError | ImportError | ValueError),
            ) from None

    def _told(self, error: Exception) -> str:
        """The first line of what it says, unless it may repeat a secret of the address."""
        if "@" in self._url or "?" in self._url:
            return type(error).__name__
        said = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return said.partition("\n")[0].rstrip(".")


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _parts(rows: Sequence[dict[str, Any]]) -> Iterator[Iterable[dict[str, Any]]]:
    """At least one part, so that an empty fetch keeps its columns."""
    for start in itertools.chain([0], range(PART_ROWS, len(rows), PART_ROWS)):
        yield rows[start : start + PART_ROWS]
