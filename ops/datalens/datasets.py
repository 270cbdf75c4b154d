"""A dataset of a view: its columns with titles, how charts put rows together, and formulas of sums."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from datalens_sdk import (
    Connection,
    DataLensClientYC,
    DataLensValidationError,
    Dataset,
    DatasetField,
    EntryLocation,
    Source,
)

from ops.datalens import definitions as defined
from ops.datalens.entries import Entry, Made
from tasks.errors import SourceError

_UNFINISHED = "0" * 12
"""Of a dataset that is there, and not yet as it should be."""
_FORMULA = "zakaz_"
"""Of the ids of our formulas: a person may add others to our datasets."""


@dataclass(frozen=True, kw_only=True)
class DatasetEntry(Entry):
    """A view as it is, with titles, with how charts put rows together, and with formulas of sums."""

    scope = "dataset"
    word = "dataset"
    view: str
    database: str
    columns: Mapping[str, defined.Column]
    formulas: Mapping[str, defined.Formula]

    def definition(self) -> object:
        fields = {**self.columns, **self.formulas}
        return [self.view, self.database, {name: one.model_dump() for name, one in fields.items()}]

    def get(self, client: DataLensClientYC, entry_id: str) -> Dataset:
        return client.get.dataset(by_id=entry_id)

    def mark_of(self, found: Dataset) -> str | None:
        mark = super().mark_of(found)
        return _UNFINISHED if mark and _faults(found) else mark

    def make(
        self, client: DataLensClientYC, place: EntryLocation, made: Made, found: Dataset | None, mark: str
    ) -> Dataset:
        (connection,) = (made[key] for key in self.needs)
        if found is None:
            source = self._source(client, connection)
            builder = client.create.dataset(name=self.name, location=place).sources([source])
            found = builder.description(self.described(_UNFINISHED)).build()
        else:
            self._refresh(found, connection)
        # What creating and refreshing answer has no fields.
        assert found.id
        self._arrange(self.get(client, found.id), mark)
        dataset = self.get(client, found.id)
        if faults := _faults(dataset):
            # It is kept with them, and charts would be empty.
            raise SourceError(f"DataLens finds faults in {self.name}: {'; '.join(faults)}.")
        return dataset

    def _refresh(self, dataset: Dataset, connection: Connection) -> None:
        """Read the columns again, from where they are now."""
        update = dataset.update
        for source in dataset.sources:
            if source.parameters.get("db_name") != self.database:
                # It names the old connection along: before that is replaced.
                update.update_source(
                    source_id=source.id, parameters={**source.parameters, "db_name": self.database}
                )
            if source.connection_id and source.connection_id != connection.id:
                update.replace_connection(
                    old_connection_id=source.connection_id, new_connection_id=str(connection.id)
                )
            update.refresh_source(source.id, force_update_fields=True)
        update.mode("publish").execute()

    def _source(self, client: DataLensClientYC, connection: Connection) -> Source:
        table = client.create.source(using=connection).ch_table(
            alias=self.view, db_name=self.database, table_name=self.view
        )
        try:
            return table.build(strict=True)
        except DataLensValidationError:
            raise SourceError(
                f"DataLens finds no {self.view} in ClickHouse: can it reach {connection.raw.get('host')}, does "
                "datalens_reader log in with DATALENS_PASSWORD (zakaz access), is the view there (zakaz migrate)?"
            ) from None

    def _arrange(self, dataset: Dataset, mark: str) -> None:
        """By ids alone: where a whole field is given, the SDK sends its old title along."""
        update = dataset.update.description(self.described(mark))
        formulas = {_FORMULA + name: one for name, one in self.formulas.items()}
        for there in dataset.fields:
            is_ours = there.calc_mode == "direct" or there.guid.startswith(_FORMULA)
            if is_ours and there.source not in self.columns and there.guid not in formulas:
                update.delete_field(field=there.guid)
        for name, column in self.columns.items():
            guid = field_of(dataset, name).guid
            update.update_field(field=guid, title=column.title, hidden=column.hidden)
            update.change_field_aggregation(field=guid, to=column.aggregation)
        for guid, one in formulas.items():
            if dataset.find_field(guid):
                update.update_field(field=guid, title=one.title)
                update.update_calculation(field=guid, formula=one.formula, kind="MEASURE", cast="float")
            else:
                update.add_calculation(guid=guid, name=one.title, formula=one.formula, kind="MEASURE", cast="float")
            if one.percent:
                update.update_field_format(field=guid, format_="percent", precision=1)
            else:
                update.update_field_format(field=guid, format_="number", precision=2)
        update.mode("publish").execute()


def _faults(dataset: Dataset) -> list[str]:
    content: Any = dataset.raw.get("dataset") or {}
    parts = (content.get("component_errors") or {}).get("items") or []
    return [str(one.get("message")) for part in parts for one in part["errors"] if one.get("level") != "warning"]


def field_of(dataset: Dataset, name: str) -> DatasetField:
    """Of a column of the view, or of a formula of ours."""
    for one in dataset.fields:
        if one.guid == _FORMULA + name or (one.calc_mode == "direct" and one.source == name):
            return one
    raise SourceError(
        f"DataLens sees no column {name} in {dataset.name}. Bring the views up to date: zakaz migrate."
    )
