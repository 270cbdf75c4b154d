"""The landing area: what a fetch brought, as Parquet parts with a manifest beside them, before anything is made of
it.

It is the one cache of fetches: a later run finds a fetch by its manifest, with and without Prefect. Values are
text as they came over the wire; only allow-listed fields arrive here. Knows nothing of APIs or of the warehouse.
"""

from __future__ import annotations

import errno
import hashlib
import io
import itertools
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import fsspec
import polars as pl
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tasks.errors import LandingError
from tasks.exposure import make_private
from tasks.window import Window

PART_ROWS = 100_000
_MANIFEST = "manifest.json"
BUCKETS = {"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az"}
"""Protocols of file systems without folders."""
_STAMP = "%Y%m%dT%H%M%SZ"
_FOLDER = re.compile(r"(\d{8}T\d{6}Z)-[0-9a-f-]{8,}")

_FOR_LONG = (errno.ENOSPC, errno.EROFS)
"""Of a full and of a read-only disk: no later try of the same run succeeds."""


@dataclass(frozen=True)
class Fetched:
    """What a source's fetch function returns: raw rows and what is to be known of them.

    `columns` are those that the source really sent; `facts` are counts worth keeping beside the run; `window` is
    set where more days were read than requested; `partial` where what is not here may exist all the same.
    `warnings`: what a later read may mend, so the days are to be read again; `notes`: what was missing or odd and
    will stay so, counted for the run's message. `marks`: by which the source's own account is known again.
    `beside`: rows of other resources that the same fetch brought, by name.
    """

    # `asyncio.run` lets Python write out what its main task returned, to throw it away.
    rows: Sequence[dict[str, str | None]] | pl.DataFrame = field(repr=False)
    columns: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    facts: dict[str, int] = field(default_factory=dict)
    window: Window | None = None
    partial: bool = False
    notes: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    beside: Mapping[str, Fetched] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Request:
    """What to fetch. `account`: its name; `reads`: how its source is asked; `version`: of the fetch code; not
    `by_window`: the same comes for every window."""

    source: str
    resource: str
    account: str
    reads: str
    window: Window
    version: str
    by_window: bool = True

    @property
    def key(self) -> str:
        """The same for the same request, as long as the manifest keeps its form."""
        parts = [
            self.source,
            self.resource,
            self.account,
            self.reads,
            str(self.window) if self.by_window else "",
            self.version,
            *sorted(Manifest.model_fields),
        ]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


class Part(BaseModel):
    """A file of a fetch. `digest`: SHA-256."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(pattern=r"^[a-z_]+-\d+\.parquet$")
    size: int
    digest: str


class Manifest(BaseModel):
    """What landed: the files, what is in them, and everything a later step has to know about the fetch.

    Written after its parts, so a fetch that died has none and is not found. `folder`: below the landing area.
    `run_id` and `fetched_at`: of the run that fetched. `version` orders the reads of the source. `marks`: hashed.
    `beside`: what came with it of other resources, by name, in the same folder: found and discarded together.
    """

    model_config = ConfigDict(frozen=True)

    source: str
    account: str
    resource: str
    window: Window
    run_id: str
    fetched_at: datetime
    folder: str
    parts: tuple[Part, ...]
    rows: int
    version: int
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    facts: dict[str, int] = {}
    partial: bool = False
    columns: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    beside: dict[str, Manifest] = {}


class Landing:
    """A folder or bucket at any fsspec address, laid out as source/resource/time-request-random/part.

    Raises LandingError for whatever the file system raises.
    """

    def __init__(self, url: str) -> None:
        self._url, self._place = url, re.sub(r"(?<=://).*@|\?.*", "", url)
        with self._reached():
            self._fs, self._root = fsspec.core.url_to_fs(url)

    def write(
        self, request: Request, run_id: str, fetched_at: datetime, fetched: Fetched, version: int = 0
    ) -> Manifest:
        stamp = fetched_at.astimezone(UTC).strftime(_STAMP)
        folder = f"{request.source}/{request.resource}/{stamp}-{request.key}-{uuid.uuid4().hex[:8]}"
        manifest = Manifest(
            source=request.source,
            account=request.account,
            resource=request.resource,
            window=fetched.window or request.window,
            run_id=run_id,
            fetched_at=fetched_at,
            folder=folder,
            parts=self._parts(folder, "part", fetched),
            rows=len(fetched.rows),
            version=version,
            warnings=fetched.warnings,
            notes=fetched.notes,
            facts=fetched.facts,
            partial=fetched.partial,
            columns=fetched.columns,
            marks=tuple(_sha256(f"{request.source} {mark}".encode())[:16] for mark in fetched.marks),
        )
        alone = {"warnings": (), "notes": (), "facts": {}, "marks": (), "partial": False}
        beside = {
            name: manifest.model_copy(
                update=alone
                | {
                    "resource": name,
                    "parts": self._parts(folder, name, other),
                    "rows": len(other.rows),
                    "columns": other.columns,
                }
            )
            for name, other in fetched.beside.items()
        }
        manifest = manifest.model_copy(update={"beside": beside})
        self._put(f"{folder}/{_MANIFEST}", manifest.model_dump_json().encode())
        return manifest

    def _parts(self, folder: str, name: str, fetched: Fetched) -> tuple[Part, ...]:
        parts = []
        for number, frame in enumerate(_sliced(fetched)):
            buffer = io.BytesIO()
            frame.write_parquet(buffer)
            content = buffer.getvalue()
            part = Part(name=f"{name}-{number:05}.parquet", size=len(content), digest=_sha256(content))
            self._put(f"{folder}/{part.name}", content)
            parts.append(part)
        return tuple(parts)

    def newest(self, request: Request) -> Manifest | None:
        """The newest fetch of this request whose parts are all here, by their sizes: `read` compares the
        digests."""
        for folder in sorted(self._folders(request.source, request.resource), reverse=True):
            if f"-{request.key}-" in folder and (manifest := self._manifest(folder)):
                return manifest
        return None

    def read(self, manifest: Manifest) -> pl.DataFrame:
        """All parts as one frame of String columns. Raises LandingError where one is not as it was written: torn by
        a loss of power or a full disk, changed, or gone. Such a fetch is not found again."""
        try:
            return pl.concat([pl.read_parquet(self._part(manifest, part)) for part in manifest.parts], rechunk=True)
        except _Damaged as damage:
            self.discard(manifest)
            raise LandingError(
                f"{manifest.source} {manifest.resource} {manifest.window}: {damage.part} of what was fetched at "
                f"{manifest.fetched_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC {damage.how} the landing area "
                f"{self._place}. Nothing was loaded; the next run fetches it again.",
                transient=True,
            ) from None

    def discard(self, manifest: Manifest) -> None:
        """No run finds it again, nor an older one of the same request: the next one asks the source. The parts stay
        until they are pruned."""
        source, resource, _ = manifest.folder.split("/")
        stamp, key, _ = manifest.folder.rsplit("-", 2)
        for folder in self._folders(source, resource):
            if f"-{key}-" in folder and folder <= f"{stamp}-~":
                with self._reached(), suppress(FileNotFoundError):
                    self._fs.rm_file(f"{self._root}/{folder}/{_MANIFEST}")

    def probe(self) -> str:
        """Write, read and remove a file, as loads do; the place."""
        name, content = f"probe-{uuid.uuid4().hex[:8]}", b"zakaz"
        self._put(name, content)
        try:
            with self._reached():
                same = bytes(self._fs.cat_file(f"{self._root}/{name}")) == content
        finally:
            with self._reached():
                self._fs.rm_file(f"{self._root}/{name}")
        if not same:
            raise LandingError(f"The landing area {self._place} does not return what was written there.")
        return self._place

    def prune(self, source: str, now: datetime, keep_days: int) -> int:
        """Remove the source's fetches older than `keep_days` and say how many. Their rows are in the warehouse.

        Whatever else lies there stays: the address may be a bucket that is not ours alone.
        """
        oldest = (now - timedelta(days=keep_days)).astimezone(UTC).strftime(_STAMP)
        stale = [
            folder
            for folder in self._folders(source, "*")
            if (fetch := _FOLDER.fullmatch(folder.rsplit("/", 1)[-1])) and fetch[1] < oldest
        ]
        with self._reached():
            for folder in stale:
                with suppress(FileNotFoundError):  # another run tidies up too
                    self._fs.rm(f"{self._root}/{folder}", recursive=True)
        return len(stale)

    def _folders(self, source: str, resource: str) -> list[str]:
        with self._reached():
            self._fs.invalidate_cache()  # Other processes write here.
            found = self._fs.glob(f"{self._root}/{source}/{resource}/*")
            return ["/".join(path.rstrip("/").rsplit("/", 3)[1:]) for path in found]

    def _manifest(self, folder: str) -> Manifest | None:
        with self._reached():
            sizes = {
                file["name"].rsplit("/", 1)[-1]: file["size"]
                for file in self._fs.ls(f"{self._root}/{folder}", detail=True)
            }
            if _MANIFEST not in sizes:
                return None
            try:
                manifest = Manifest.model_validate_json(self._fs.cat_file(f"{self._root}/{folder}/{_MANIFEST}"))
            except ValidationError:
                return None  # torn, as by a full disk
        parts = (part for one in (manifest, *manifest.beside.values()) for part in one.parts)
        is_whole = all(sizes.get(part.name) == part.size for part in parts)
        return manifest if is_whole and manifest.folder == folder else None

    def _put(self, path: str, content: bytes) -> None:
        whole = f"{self._root}/{path}"
        with self._reached():
            if urlsplit(self._url).scheme in ("", "file"):
                make_private(Path(self._root))
            if urlsplit(self._url).scheme not in BUCKETS:  # There it would make a bucket of a mistyped name.
                self._fs.makedirs(whole.rsplit("/", 1)[0], exist_ok=True)
            self._fs.pipe_file(whole, content)

    def _part(self, manifest: Manifest, part: Part) -> io.BytesIO:
        try:
            with self._reached(passes=FileNotFoundError):
                content = bytes(self._fs.cat_file(f"{self._root}/{manifest.folder}/{part.name}"))
        except FileNotFoundError:
            raise _Damaged(part.name, "is gone from") from None
        if _sha256(content) != part.digest:
            raise _Damaged(part.name, "is not as it was written to")
        return io.BytesIO(content)

    @contextmanager
    def _reached(self, passes: type[Exception] | tuple[()] = ()) -> Iterator[None]:
        """Each file system raises errors of its own library's; to a reader they are one. `passes` gets through."""
        try:
            yield
        except passes:
            raise
        except Exception as error:  # noqa: BLE001
            raise LandingError(
                f"The landing area {self._place} cannot be used: {self._reason(error)}. "
                "Look at LANDING_URL, its keys and its space.",
                transient=not (
                    isinstance(error, PermissionError | ImportError | ValueError)
                    or getattr(error, "errno", None) in _FOR_LONG
                ),
            ) from None

    def _reason(self, error: Exception) -> str:
        """The first line of what it says, unless it may repeat a secret of the address."""
        if "@" in self._url or "?" in self._url:
            return type(error).__name__
        said = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return said.partition("\n")[0].rstrip(".")


class _Damaged(Exception):
    def __init__(self, part: str, how: str) -> None:
        super().__init__(part, how)
        self.part, self.how = part, how


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _sliced(fetched: Fetched) -> Iterator[pl.DataFrame]:
    """Frames of the columns, null where rows have none. At least one part, so that an empty fetch keeps them."""
    columns, schema = fetched.columns, dict.fromkeys(fetched.columns, pl.String)
    for start in itertools.chain([0], range(PART_ROWS, len(fetched.rows), PART_ROWS)):
        rows = fetched.rows[start : start + PART_ROWS]
        if isinstance(rows, pl.DataFrame):
            missing = [pl.lit(None, pl.String).alias(name) for name in columns if name not in rows.columns]
            yield rows.with_columns(missing).select(columns)
        else:
            yield pl.DataFrame(rows, schema=schema, orient="row")
