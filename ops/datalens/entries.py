"""What an entry of a workbook is: what it is made of, how it is made, and made so again. And the connection.

Each has a mark at the end of its description: whose it is, and of which definition it was made.
"""

from __future__ import annotations

import hashlib
import json
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from datalens_sdk import Connection, DataLensClientYC, EntryLocation

PREFIX = "Zakaz: "
"""Of all names, so that nobody's own are taken."""
_GENERATION = 1
"""Changed where the code makes something else of the same definition."""
_MARK = re.compile(r"\[zakaz ([0-9a-f]{12})\]\s*$")
_WHOSE = (
    "Сделано командой «zakaz datalens»; она перепишет это, когда изменится описание в её файлах. "
    "Для своих правок сохраните копию под другим именем."
)


Made = Mapping[str, Any]
"""The SDK's objects of what is there already, by the keys of entries."""


@dataclass(frozen=True, kw_only=True)
class Entry(ABC):
    scope: ClassVar[str]
    word: ClassVar[str]
    key: str
    title: str
    about: str = ""
    needs: tuple[str, ...] = ()
    """Keys of the entries that it is built on."""

    @property
    def name(self) -> str:
        return f"{PREFIX}{self.title}"

    def mark(self, ids: Mapping[str, str]) -> str:
        """`ids`: of what it is built on, those that are known."""
        made_of = [_GENERATION, self.title, self.about, self.definition(), [ids.get(key) for key in self.needs]]
        return hashlib.sha256(json.dumps(made_of, ensure_ascii=False).encode()).hexdigest()[:12]

    def described(self, mark: str) -> str:
        return "\n\n".join(filter(None, (self.about, f"{_WHOSE} [zakaz {mark}]")))

    @abstractmethod
    def definition(self) -> object:
        """All that it is made of besides other entries, as JSON takes it."""

    @abstractmethod
    def get(self, client: DataLensClientYC, entry_id: str) -> Any: ...

    def mark_of(self, found: Any) -> str | None:
        """Of the definition that it was made of; None where Zakaz did not make it."""
        mark = _MARK.search(self._description_of(found) or "")
        return mark[1] if mark else None

    def _description_of(self, found: Any) -> str | None:
        return found.description  # type: ignore[no-any-return]

    @abstractmethod
    def make(self, client: DataLensClientYC, place: EntryLocation, made: Made, found: Any, mark: str) -> Any:
        """Make it, or make what was `found` so again. Returns what is then there."""


@dataclass(frozen=True, kw_only=True)
class ConnectionEntry(Entry):
    """How DataLens logs in to ClickHouse. The password is not part of the mark, which everybody can read."""

    scope = "connection"
    word = "connection"
    login: Mapping[str, str | int | None]
    password: str = field(repr=False)

    def definition(self) -> object:
        return dict(self.login)

    def get(self, client: DataLensClientYC, entry_id: str) -> Connection:
        return client.get.connection(by_id=entry_id)

    def make(
        self, client: DataLensClientYC, place: EntryLocation, _made: Made, found: Connection | None, mark: str
    ) -> Connection:
        values = {**self.login, "password": self.password, "description": self.described(mark)}
        if found is None:
            builder = client.create.connection.clickhouse(name=self.name, location=place)
            for name, value in values.items():
                getattr(builder, name)(value)
            return builder.build()
        update = found.update
        for name, value in values.items():
            update.set(name, value)
        update.execute()
        return found
