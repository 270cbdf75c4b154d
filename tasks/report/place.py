"""Where reports are kept: each day's page, and the newest one under a name that stays, at any fsspec address
(REPORT_URL)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

import fsspec

from tasks.errors import ReportError
from tasks.exposure import make_private
from tasks.landing import BUCKETS

NEWEST = "report.html"


class ReportPlace:
    """Raises ReportError for whatever the file system raises."""

    def __init__(self, url: str) -> None:
        self._url, self._place = url, re.sub(r"(?<=://).*@|\?.*", "", url)
        with self._reached():
            # Not the instance of others: what they write would wait for the end of our transaction.
            self._fs, self._root = fsspec.core.url_to_fs(url, skip_instance_cache=True)

    @property
    def folder(self) -> Path | None:
        """On this machine; None elsewhere."""
        return Path(self._root) if urlsplit(self._url).scheme in ("", "file") else None

    def write(self, page: str, day: date) -> str:
        """The newest page and the day's; the address of the latter."""
        dated = f"report-{day}.html"
        with self._reached():
            if self.folder:
                make_private(self.folder)
            elif urlsplit(self._url).scheme not in BUCKETS:
                self._fs.makedirs(self._root, exist_ok=True)
            # Whole or not at all: somebody may read it meanwhile.
            with self._fs.transaction:
                for name in (dated, NEWEST):
                    self._fs.pipe_file(f"{self._root}/{name}", page.encode())
        return f"{self._place.rstrip('/')}/{dated}"

    def newest(self) -> bytes | None:
        with self._reached():
            self._fs.invalidate_cache()  # Other processes write here.
            try:
                return bytes(self._fs.cat_file(f"{self._root}/{NEWEST}"))
            except FileNotFoundError:
                return None

    @contextmanager
    def _reached(self) -> Iterator[None]:
        """Each file system raises errors of its own library's; none of them may repeat a key of the address."""
        try:
            yield
        except Exception as error:  # noqa: BLE001
            # Which library is missing holds no key.
            known = str(error) if isinstance(error, ImportError) else getattr(error, "strerror", None)
            said = known or type(error).__name__
            raise ReportError(
                f"The place of the reports {self._place} cannot be used: {said}. "
                "Look at REPORT_URL, its keys and its space.",
                transient=not isinstance(error, PermissionError | ImportError | ValueError),
            ) from None
