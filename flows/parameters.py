"""The parameters of flows as Prefect's form shows and checks them, before there is a run."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import Field

from tasks.load.backup_place import NAME
from tasks.settings import language
from tasks.sources import SOURCES
from tasks.sources.windows import MOST_DAYS
from tasks.translation import marked, said


def shown(title: str, description: str) -> dict[str, Any]:
    """A parameter as Prefect's form shows it, in the reader's language, put into the schema itself, since as a
    title Prefect takes the name."""
    spoken = language()
    return {"title": said(title, spoken), "description": said(description, spoken)}


_DAYS = marked("Days back", "In Moscow: sales up to today, advertising up to yesterday.")
Days = Annotated[int, Field(ge=1, le=MOST_DAYS, json_schema_extra=shown(*_DAYS))]
_FIRST = marked(
    "First day", "None: the days back, as above. To load certain days, choose date and pick the first of them."
)
FirstDay = Annotated[date | None, Field(json_schema_extra=shown(*_FIRST))]
_LAST = marked(
    "Last day", "None: up to today for ticket sales, up to yesterday for advertising, whose today is not over."
)
LastDay = Annotated[date | None, Field(json_schema_extra=shown(*_LAST))]
_REFRESH = marked("Fetch again", "Ask the API also for what was fetched before. Off is right nearly always.")
Refresh = Annotated[bool, Field(json_schema_extra=shown(*_REFRESH))]
_ACCOUNT = marked("Account", "None: all accounts of the source, each as a run of its own.")
AccountName = Annotated[str | None, Field(pattern="^[a-z0-9-]+$", json_schema_extra=shown(*_ACCOUNT))]
_NAMES = "; ".join(f"{name}: {source.title}" for name, source in SOURCES.items())
_SOURCE = marked("Source")
SourceName = Annotated[str, Field(json_schema_extra={"enum": list(SOURCES), **shown(*_SOURCE, _NAMES)})]
_BEGINNING = marked("First day", "From which day on. Days that the source no longer has are left out.")
Beginning = Annotated[date, Field(json_schema_extra=shown(*_BEGINNING))]
_REDO = marked("Fetch again", "Also the days that are loaded. Off: they are left out.")
Redo = Annotated[bool, Field(json_schema_extra=shown(*_REDO))]
_TODAY = marked("Day", "None: as of today. To judge as of another day, in Moscow, choose date and pick it.")
Today = Annotated[date | None, Field(json_schema_extra=shown(*_TODAY))]
_WHOLE = marked("All of history", "Also the checks that read the tickets and ads of all days, which takes longer.")
Whole = Annotated[bool, Field(json_schema_extra=shown(*_WHOLE))]
_NAME = marked("Name", "Of the backup; the database and the time in UTC if left out.")
BackupName = Annotated[str, Field(pattern=f"^{NAME}$", json_schema_extra=shown(*_NAME))]
