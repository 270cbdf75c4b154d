"""The entries of a workbook, a class a kind: what each is made of, how it is made, and how it is made so again.

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

from datalens_sdk import (
    Connection,
    Dashboard,
    DashboardTab,
    DataLensClientYC,
    DataLensValidationError,
    Dataset,
    DatasetField,
    EntryLocation,
    Layout,
    RelativeDateInterval,
    Source,
    WizardChart,
)

from ops.datalens import definitions as defined
from ops.datalens.client import drafted
from tasks.errors import SourceError

PREFIX = "Zakaz: "
"""Of all names, so that nobody's own are taken."""
UNFINISHED = "0" * 12
"""Of a dataset that is there, and not yet as it should be."""
_FORMULA = "zakaz_"
"""Of the ids of our formulas: a person may add others to our datasets."""
_GENERATION = 1
"""Changed where the code makes something else of the same definition."""
_MARK = re.compile(r"\[zakaz ([0-9a-f]{12})\]\s*$")
_WHOSE = (
    "Сделано командой «zakaz datalens»; она перепишет это, когда изменится описание в её файлах. "
    "Для своих правок сохраните копию под другим именем."
)
_CELLS = 36
"""Width of a dashboard."""


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
        return UNFINISHED if mark and _faults(found) else mark

    def make(
        self, client: DataLensClientYC, place: EntryLocation, made: Made, found: Dataset | None, mark: str
    ) -> Dataset:
        (connection,) = (made[key] for key in self.needs)
        if found is None:
            source = self._source(client, connection)
            builder = client.create.dataset(name=self.name, location=place).sources([source])
            found = builder.description(self.described(UNFINISHED)).build()
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
            guid = _field(dataset, name).guid
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


def _field(dataset: Dataset, name: str) -> DatasetField:
    """Of a column of the view, or of a formula of ours."""
    for one in dataset.fields:
        if one.guid == _FORMULA + name or (one.calc_mode == "direct" and one.source == name):
            return one
    raise SourceError(
        f"DataLens sees no column {name} in {dataset.name}. Bring the views up to date: zakaz migrate."
    )


@dataclass(frozen=True, kw_only=True)
class ChartEntry(Entry):
    scope = "widget"
    word = "chart"
    chart: defined.Chart

    def definition(self) -> object:
        return self.chart.model_dump()

    def get(self, client: DataLensClientYC, entry_id: str) -> WizardChart:
        return client.get.wizard_chart(by_id=entry_id)

    def make(
        self, client: DataLensClientYC, place: EntryLocation, made: Made, found: WizardChart | None, mark: str
    ) -> WizardChart:
        (dataset,) = (made[key] for key in self.needs)
        if found is None:
            return self._build(client, place, dataset, mark)
        content = drafted(lambda paper: self._build(paper, place, dataset, mark))
        replace = client.raw.replace.wizard_chart(target=found, response_snapshot=_with(found, content))
        return replace.mode("publish").execute()

    def _build(self, client: DataLensClientYC, place: EntryLocation, dataset: Dataset, mark: str) -> WizardChart:
        chart = self.chart
        builder: Any = getattr(client.create.wizard_chart, chart.kind)(name=self.name, location=place)
        builder.dataset(dataset).description(self.described(mark))
        for slot in ("x", "y", "columns"):
            if names := getattr(chart, slot):
                getattr(builder, slot)([_field(dataset, name) for name in names])
        if len(chart.y) > 1:
            builder.color_by_measure_name()
        for name, operation, value in chart.filters:
            builder.add_filter(_field(dataset, name), operation=operation, values=[value])
        if chart.sort:
            builder.add_sort(_field(dataset, chart.sort[0]), direction=chart.sort[1])
        built: WizardChart = builder.build()
        return built


@dataclass(frozen=True, kw_only=True)
class DashboardEntry(Entry):
    scope = "dash"
    word = "dashboard"
    dashboard: defined.Dashboard
    charts: Mapping[str, defined.Chart]
    datasets: Mapping[str, defined.Dataset]

    def definition(self) -> object:
        return self.dashboard.model_dump()

    def get(self, client: DataLensClientYC, entry_id: str) -> Dashboard:
        return client.get.dashboard(by_id=entry_id)

    def _description_of(self, found: Dashboard) -> str | None:
        annotation = found.raw.get("annotation")
        return annotation.get("description") if isinstance(annotation, Mapping) else None

    def make(
        self, client: DataLensClientYC, place: EntryLocation, made: Made, found: Dashboard | None, mark: str
    ) -> Dashboard:
        if found is None:
            return self._build(client, place, made, mark)
        content = drafted(lambda paper: self._build(paper, place, made, mark))
        replace = client.raw.replace.dashboard(target=found, response_snapshot=_with(found, content))
        return replace.mode("publish").execute()

    def _build(self, client: DataLensClientYC, place: EntryLocation, made: Made, mark: str) -> Dashboard:
        builder = client.create.dashboard(name=self.name, location=place).description(self.described(mark))
        for number, tab in enumerate(self.dashboard.tabs, 1):
            builder.add_tab(self._tab(tab, f"tab_{number}", made))
        return builder.build()

    def _tab(self, tab: defined.Tab, tab_id: str, made: Made) -> DashboardTab:
        page = DashboardTab(tab.title, tab_id=tab_id)
        for selector in tab.selectors:
            self._select(page, tab_id, tab, selector, made)
        if tab.selectors:
            page.add_group_selector(group=tab_id)
        if tab.note:
            page.start_row().add_text(tab.note, size=(_CELLS, 2))
        for row in tab.rows:
            top = page.content_bottom()
            for key in row:
                page.add_chart(made[f"chart {key}"], title=self.charts[key].title, item_id=key)
            page.apply_layout(Layout.row(*row, y=top, h=14))
        return page

    def _select(
        self, page: DashboardTab, group: str, tab: defined.Tab, selector: defined.Selector, made: Made
    ) -> None:
        """It acts on the same column of other datasets through an alias of their fields."""
        dataset, name = made[f"dataset {selector.dataset}"], selector.column
        page.add_selector(
            item_id=f"{group}_{name}", group=group, dataset=dataset, field=(one := _field(dataset, name)),
            title=selector.title or one.title, element="date" if selector.days else "select",
            multiselect=not selector.days, is_range=bool(selector.days),
            default_value=RelativeDateInterval(*selector.days) if selector.days else None,
        )  # fmt: skip
        views = {self.charts[key].dataset: None for row in tab.rows for key in row}
        same = (made[f"dataset {view}"] for view in views if name in self.datasets[view].columns)
        if len(guids := dict.fromkeys([one.guid, *(_field(other, name).guid for other in same)])) > 1:
            page.add_alias(*guids)


def _with(found: WizardChart | Dashboard, content: Mapping[str, Any]) -> dict[str, Any]:
    """What was found, with other content."""
    snapshot: Mapping[str, Any] = found.response_snapshot
    entry: Mapping[str, Any] = snapshot.get("entry", snapshot)
    return {"entry": {**entry, **content}}
