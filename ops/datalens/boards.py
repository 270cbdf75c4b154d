"""Charts of the datasets, and the dashboard of the charts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from datalens_sdk import (
    Dashboard,
    DashboardTab,
    DataLensClientYC,
    Dataset,
    EntryLocation,
    Layout,
    RelativeDateInterval,
    WizardChart,
)

from ops.datalens import definitions as defined
from ops.datalens.client import drafted
from ops.datalens.datasets import field_of
from ops.datalens.entries import Entry, Made

_CELLS = 36
"""Width of a dashboard."""


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
                getattr(builder, slot)([field_of(dataset, name) for name in names])
        if len(chart.y) > 1:
            builder.color_by_measure_name()
        for name, operation, value in chart.filters:
            builder.add_filter(field_of(dataset, name), operation=operation, values=[value])
        if chart.sort:
            builder.add_sort(field_of(dataset, chart.sort[0]), direction=chart.sort[1])
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
            item_id=f"{group}_{name}", group=group, dataset=dataset, field=(one := field_of(dataset, name)),
            title=selector.title or one.title, element="date" if selector.days else "select",
            multiselect=not selector.days, is_range=bool(selector.days),
            default_value=RelativeDateInterval(*selector.days) if selector.days else None,
        )  # fmt: skip
        views = {self.charts[key].dataset: None for row in tab.rows for key in row}
        same = (made[f"dataset {view}"] for view in views if name in self.datasets[view].columns)
        if len(guids := dict.fromkeys([one.guid, *(field_of(other, name).guid for other in same)])) > 1:
            page.add_alias(*guids)


def _with(found: WizardChart | Dashboard, content: Mapping[str, Any]) -> dict[str, Any]:
    """What was found, with other content."""
    snapshot: Mapping[str, Any] = found.response_snapshot
    entry: Mapping[str, Any] = snapshot.get("entry", snapshot)
    return {"entry": {**entry, **content}}
