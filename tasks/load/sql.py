"""SQL lives in files; this reads them. Nothing is run here."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from tasks.settings import SQL_DIR


@dataclass(frozen=True)
class SqlFile:
    """`name` is the file's name without `.sql`; `checksum` does not see line ends or trailing blanks."""

    name: str
    text: str

    @property
    def checksum(self) -> str:
        normal = "\n".join(line.rstrip() for line in self.text.strip().splitlines())
        return hashlib.sha256(normal.encode()).hexdigest()

    @property
    def statements(self) -> list[str]:
        """The file cut at semicolons that end a line, comments dropped where nothing else is left."""
        parts = (part.strip() for part in re.split(r";[ \t]*(?:\n|$)", self.text))
        return [part for part in parts if re.sub(r"(?m)^\s*--.*$", "", part).strip()]


def sql_files(folder: str, root: Path = SQL_DIR) -> list[SqlFile]:
    """All files of `sql/{folder}`, by name."""
    return [SqlFile(path.stem, path.read_text("utf-8")) for path in sql_paths(folder, root)]


def sql_paths(folder: str, root: Path = SQL_DIR) -> list[Path]:
    return sorted((root / folder).glob("*.sql"))


def sql_text(path: str, root: Path = SQL_DIR) -> str:
    return (root / path).read_text("utf-8")
