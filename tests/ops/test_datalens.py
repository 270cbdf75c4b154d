"""What `zakaz datalens` keeps in a workbook: all of it once, ours alone, of the views as they are, as docs/ describes it.

DataLens is a stand-in that judges by the models of its SDK; the views' columns are those of a migrated warehouse.
"""

import copy
import re
from collections.abc import Callable, Iterator

import pytest
from datalens_sdk import DataLensClientYC, StaticYCIAMAuthProvider

from ops.datalens import publish as module
from ops.datalens.definitions import Definitions, definitions
from tasks.errors import SourceError, UsageError
from tests.ops.files import ROOT
from tests.quality.healthy import warehouse_in
from tests.support.datalens import ORG, TOKEN, WORKBOOK, DataLens, datalens

PASSWORD = "reader5password"
ROMI = "IF(SUM([Расход]) > 0, (SUM([Чистая выручка]) - SUM([Расход])) / SUM([Расход]), NULL)"
Views = dict[str, list[tuple[str, str]]]
Publish = Callable[..., list[str]]


@pytest.fixture(scope="module")
def views(tmp_path_factory: pytest.TempPathFactory) -> Views:
    with warehouse_in(tmp_path_factory.mktemp("views"), references=False) as client:
        described = {view: client.query(f"DESCRIBE TABLE {view}").result_rows for view in definitions().datasets}
    return {view: [(name, kind) for name, kind, *_ in columns] for view, columns in described.items()}


@pytest.fixture
def there(views: Views) -> Iterator[DataLens]:
    with datalens(copy.deepcopy(views)) as stand_in:
        yield stand_in


@pytest.fixture
def publish(there: DataLens, make_settings: Callable[..., object]) -> Publish:
    """Gives the steps that are more than `leave`."""

    def run(dry_run: bool = False, new_password: bool = False, **changed: object) -> list[str]:
        given = {
            "datalens_token": TOKEN, "datalens_org": ORG, "datalens_workbook": WORKBOOK, "datalens_base_url": there.url,
            "datalens_password": PASSWORD, "datalens_clickhouse_host": "ch.example.com", "http_attempts": 3,
        }  # fmt: skip
        there.calls.clear()
        steps = module.publish(make_settings(**given | changed), dry_run=dry_run, new_password=new_password)
        return [f"{step.verb} {step.name.removeprefix('Zakaz: ')}" for step in steps if step.verb != "leave"]

    return run


def defined_as(monkeypatch: pytest.MonkeyPatch, **changed: object) -> None:
    other = definitions().model_copy(update=changed)
    monkeypatch.setattr(module, "definitions", lambda: other)


def test_the_datasets_are_the_views_and_every_chart_is_of_fields_that_are_there(views: Views) -> None:
    defined: Definitions = definitions()
    added = {*defined.sum, *defined.max}
    for view, dataset in defined.datasets.items():
        assert sorted(dataset.columns) == sorted(name for name, _ in views[view]), view
        shown = [*defined.columns_of(view).values(), *defined.formulas_of(view).values()]
        assert len({one.title for one in shown}) == len(shown), f"titles of {view}"
        numbers = {name for name, kind in views[view] if re.search("Int|Decimal|Float", kind)}
        assert added & {*dataset.columns} <= numbers, view
        ratios = {name for name, kind in views[view] if "Float" in kind and not re.search("share|tickets", name)}
        assert ratios <= {*defined.of_a_row}, "no sum and no average of a ratio"
    for chart in defined.charts.values():
        dataset = defined.datasets[chart.dataset]
        used = {*chart.x, *chart.y, *chart.columns, *(one[0] for one in chart.filters), *(chart.sort or ())[:1]}
        assert used <= {*dataset.columns, *dataset.formulas}, chart.title
    placed = [key for tab in defined.dashboard.tabs for row in tab.rows for key in row]
    assert sorted(placed) == sorted(defined.charts)
    assert {*defined.titles} == {column for one in defined.datasets.values() for column in one.columns}


@pytest.mark.parametrize("page", ["docs/datalens.md", "docs/datalens.ru.md"])
def test_the_docs_describe_the_same_datasets_formulas_and_charts(page: str) -> None:
    defined, text = definitions(), (ROOT / page).read_text("utf-8")
    formulas = dict(re.findall(r"(?m)^\| ([^|]+) \| `(IF\(.+)` \|$", text))
    charts = re.findall(r"(?m)^\| ([^|]+), \S+ \| (`v_\w+`[^|]*) \|", text)
    assert [*formulas.values()] == [one.formula for one in defined.formulas.values()]
    # What is beside the indicator of freshness is in its line.
    shown = [chart.dataset for key, chart in defined.charts.items() if key != "freshness_by_account"]
    assert sorted(re.findall(r"v_\w+", " ".join(views for _, views in charts))) == sorted(shown)
    if page.endswith("ru.md"):
        assert [*formulas] == [one.title for one in defined.formulas.values()]
        assert {name for name, _ in charts} <= {one.title for one in defined.charts.values()}


def test_once_all_is_there_another_run_changes_nothing(publish: Publish, there: DataLens) -> None:
    first = publish(dry_run=True)
    assert (len(first), {step.split()[0] for step in first}, there.writes()) == (26, {"create"}, [])
    assert publish() == first
    dataset, connection = there.named("Zakaz: v_romi_kpi")["dataset"], there.named("Zakaz: ClickHouse")["values"]
    assert publish() == publish(dry_run=True) == there.writes() == []
    of_docs = {"port": 8443, "username": "datalens_reader", "cache_ttl_sec": 300, "raw_sql_level": "subselect",
               "secure": "on", "readonly": 2, "host": "ch.example.com", "password": PASSWORD, "db_name": "zakaz"}  # fmt: skip
    assert of_docs.items() <= connection.items()
    (source,) = dataset["sources"]
    assert source["parameters"] == {"db_name": "zakaz", "table_name": "v_romi_kpi"}
    fields = {one["title"]: one for one in dataset["result_schema"]}
    assert fields["ROMI"]["formula"] == ROMI
    assert (fields["Расход"]["source"], fields["Расход"]["aggregation"]) == ("spend_total", "sum")
    assert (fields["ROMI (строки)"]["aggregation"], fields["ROMI (строки)"]["hidden"]) == ("none", True)
    auth = StaticYCIAMAuthProvider(org_id=ORG, token=TOKEN)
    with DataLensClientYC(auth=auth, base_url=there.url) as client:
        dashboard = client.get.dashboard(by_id=there.named("Zakaz: Билеты и реклама")["entryId"])
    assert dashboard.validate() == (), "nothing overlaps"
    (of_city,) = (guids for guids in dashboard.tabs[0].aliases["default"] if fields["Город"]["guid"] in guids)
    assert len(of_city) == 2, "of three datasets on the tab; campaigns have no city"
    assert TOKEN not in repr(there.entries)
    assert publish(new_password=True, datalens_password="another0password") == ["update ClickHouse"]


def test_what_is_defined_otherwise_is_changed_in_place_and_what_others_made_is_not_touched(
    publish: Publish, there: DataLens, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish()
    there.views["v_refunds"].append(("why", "String"))  # type: ignore[attr-defined]
    own = {"guid": "mine", "title": "Мой расчёт", "formula": "SUM([Билеты]) * 2", "calc_mode": "formula", "source": "",
           "type": "MEASURE", "aggregation": "none", "cast": "float", "data_type": "float", "hidden": False}  # fmt: skip
    there.named("Zakaz: v_refunds")["dataset"]["result_schema"].append(own)
    for scope, name in (("widget", "Кампании"), ("dash", "Мой дашборд"), ("dataset", "Zakaz: Кампании")):
        there.entries[name] = {"entryId": name, "scope": scope, "name": name, "data": {"мои": "правки"}}
    before = copy.deepcopy(there.entries)
    defined = definitions()
    refunds = defined.datasets["v_refunds"]
    columns = (*(name for name in refunds.columns if name != "revenue"), "why")
    sorted_otherwise = defined.charts["campaigns"].model_copy(update={"sort": ("f_romi", "desc"), "filters": ()})
    charts = defined.charts | {"campaigns": sorted_otherwise}
    datasets = defined.datasets | {"v_refunds": refunds.model_copy(update={"columns": columns})}
    defined_as(monkeypatch, charts=charts, datasets=datasets, titles=defined.titles | {"why": "Почему"})
    expected = ["update v_refunds", "update Кампании"]

    assert publish(dry_run=True) == expected and not there.writes()
    assert publish() == expected
    assert publish() == []

    changed = {one["name"] for key, one in there.entries.items() if one != before[key]}
    assert changed == {"Zakaz: v_refunds", "Zakaz: Кампании"} and there.entries.keys() == before.keys()
    fields = {one["title"]: one for one in there.named("Zakaz: v_refunds")["dataset"]["result_schema"]}
    assert fields["Мой расчёт"] == own and fields["Почему"]["source"] == "why" and "Выручка" not in fields
    (sort,) = there.named("Zakaz: Кампании", "widget")["data"]["visualization"]["sort"]["items"]
    assert sort["guid"] == "zakaz_f_romi"


def test_a_strangers_entry_under_our_name_stops_everything(publish: Publish, there: DataLens) -> None:
    content = {"data": {"visualization": {"type": "line"}}, "annotation": {"description": "моё"}}
    there.entries["theirs"] = {"entryId": "theirs", "scope": "widget", "name": "Zakaz: Прогноз", **content}
    with pytest.raises(UsageError, match=r"chart «Zakaz: Прогноз», which Zakaz did not make.* Nothing was changed"):
        publish()
    assert there.writes() == []


@pytest.mark.parametrize(
    ("faults", "changed", "says"),
    [
        ({}, {"datalens_token": "t1.old"}, "getWorkbook with 401; it refuses the token. An IAM token lasts 12 hours"),
        ({}, {"datalens_workbook": "nowhere"}, "getWorkbook with 404; it is not there: are DATALENS_ORG and DATALENS_W"),
        ({"createDataset": [503, 429, 503]}, {}, "createDataset with 503; it fails by itself. Run this again a little"),
        ({"createConnection": [423]}, {}, "createConnection with 423; somebody edits it in a browser"),
    ],
)  # fmt: skip
def test_an_error_of_the_api_is_one_line_without_secrets(
    faults: dict[str, list[int]], changed: dict[str, str], says: str,
    publish: Publish, there: DataLens, capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    there.faults |= faults
    with pytest.raises(SourceError) as caught:
        publish(**changed)
    told = str(caught.value)
    assert says in told and "request req-7" in told and "\n" not in told
    assert not [secret for secret in (TOKEN, PASSWORD, "t1.old") if secret in told]
    assert "".join(capfd.readouterr()) == "", "the SDK's own log"
