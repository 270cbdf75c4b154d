"""Which show an ad is for, where the promoter says so (AD_SHOWS_FILE)."""

from __future__ import annotations

from collections import Counter

import polars as pl

from tasks.errors import SourceError
from tasks.reference import utm_sources
from tasks.reference.own_file import AD, CAMPAIGN, EVENT, SHOW, Form, lines_of
from tasks.settings import Settings
from tasks.translation import later, said

_KEY = ("source", "campaign_id", "ad_id")
_SCHEMA = {"source": pl.String, **dict.fromkeys(("campaign_id", "ad_id", "event_id", "show_id"), pl.UInt64)}


def ad_shows(settings: Settings) -> pl.DataFrame:
    """Columns source, campaign_id, ad_id (0: all of the campaign), event_id, show_id (0: the event as a whole);
    grain: the first three. No rows where there is no file. Raises SourceError and SettingsError."""
    if settings.ad_shows_file is None:
        return pl.DataFrame(schema=_SCHEMA)
    language = settings.zakaz_language
    rows = lines_of(settings.ad_shows_file, _FORM, language)
    keys = Counter(tuple(row[name] for name in _KEY) for row in rows)
    if twice := [", ".join(part or "*" for part in key) for key, count in keys.items() if count > 1]:
        told = "; ".join(twice)
        raise SourceError(
            said(
                "The {file} names ads twice, so nothing of it was loaded: {told}",
                language,
                file=_FORM.name(language),
                told=told,
            )
        )
    filled = [{name: value or "0" for name, value in row.items()} for row in rows]
    return pl.DataFrame(filled, schema=dict.fromkeys(_SCHEMA, pl.String)).cast(_SCHEMA)  # type: ignore[arg-type]


def _source(text: str) -> str | None:
    return text if text in _SOURCES else None


_SOURCES = sorted(set(utm_sources()["source"]))
_FORM = Form(
    name=later("file of ads and shows"),
    setting="AD_SHOWS_FILE",
    columns={
        "source": (_source, later("one of {names}", names=", ".join(_SOURCES))),
        "campaign_id": CAMPAIGN,
        "ad_id": AD,
        "event_id": EVENT,
        "show_id": SHOW,
    },
    needed=("source", "campaign_id", "event_id"),
    ignored=("comment",),
)
