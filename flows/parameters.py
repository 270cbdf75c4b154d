"""The parameters of flows as Prefect's form shows and checks them, before there is a run."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import Field

from tasks.load.backup_place import NAME
from tasks.sources import SOURCES
from tasks.sources.windows import MOST_DAYS


def shown(title: str, description: str | None = None) -> dict[str, Any]:
    """A parameter as Prefect's form shows it, put into the schema itself, since as a title Prefect takes the name.
    What differs from flow to flow is described in the flow's docstring."""
    return {"title": title} | ({"description": description} if description else {})


Days = Annotated[int, Field(ge=1, le=MOST_DAYS, json_schema_extra=shown("Days back"))]
_FIRST = "None: the days back, as above. To load certain days, choose date and pick the first of them."
FirstDay = Annotated[date | None, Field(json_schema_extra=shown("First day", _FIRST))]
_LAST = "None: up to today for ticket sales, up to yesterday for advertising, whose today is not over."
LastDay = Annotated[date | None, Field(json_schema_extra=shown("Last day", _LAST))]
_REFRESH = "Ask the API also for what was fetched before. Off is right nearly always."
Refresh = Annotated[bool, Field(json_schema_extra=shown("Fetch again", _REFRESH))]
_NAMES = "; ".join(f"{name}: {source.title}" for name, source in SOURCES.items())
_ACCOUNT = "None: all accounts of the source, each as a run of its own."
AccountName = Annotated[str | None, Field(pattern="^[a-z0-9-]+$", json_schema_extra=shown("Account", _ACCOUNT))]
SourceName = Annotated[str, Field(json_schema_extra={"enum": list(SOURCES), **shown("Source", _NAMES)})]
Beginning = Annotated[date, Field(json_schema_extra=shown("First day"))]
Redo = Annotated[bool, Field(json_schema_extra=shown("Load again"))]
Today = Annotated[date | None, Field(json_schema_extra=shown("Day"))]
Whole = Annotated[bool, Field(json_schema_extra=shown("All of history"))]
BackupName = Annotated[str, Field(pattern=f"^{NAME}$", json_schema_extra=shown("Name"))]
