"""A stand-in of DataLens's API as its SDK calls it: one workbook that keeps entries, judged by the SDK's own models.

What it says of a dataset's fields, that titles are unique, formulas and charts name fields that are there, is DataLens's
as its public code has it.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from typing import Any

from datalens_sdk._generated import dto

from tests.support.receiver import Silent, serving

WORKBOOK, ORG, TOKEN = "wb0kzaka3", "bpforganization", "t1.iam-4f2c91-token"
READS = ("get", "validate")
_ADDED = re.compile(r"(Nullable|LowCardinality)\(|\)+$")
_TYPES = {
    "Date": "date", "String": "string", "Decimal": "float", "Float": "float", "UInt": "integer", "Int": "integer",
}  # fmt: skip
Body = dict[str, Any]


class Refused(Exception):
    """A reply with this status."""


class DataLens:
    """`views`: columns and their ClickHouse types. `calls`: all that was asked, in order. `faults`: statuses of the
    next replies to a call."""

    def __init__(self, views: Mapping[str, Sequence[tuple[str, str]]]) -> None:
        self.views = views
        self.entries: dict[str, Body] = {}
        self.calls: list[tuple[str, Body]] = []
        self.faults: dict[str, list[int]] = {}
        self.url = ""

    def writes(self) -> list[str]:
        return [name for name, _ in self.calls if not name.startswith(READS)]

    def named(self, name: str, scope: str = "") -> Body:
        (found,) = (one for one in self.entries.values() if one["name"] == name and scope in one["scope"])
        return found

    def answer(self, call: str, body: Body, headers: Mapping[str, str]) -> Body:
        self.calls.append((call, body))
        if faults := self.faults.get(call):
            raise Refused(faults.pop(0))
        if headers["Authorization"] != f"Bearer {TOKEN}" or headers["x-dl-org-id"] != ORG:
            raise Refused(401)
        return getattr(self, f"_{call}")(body)  # type: ignore[no-any-return]

    def _add(self, scope: str, name: str, workbook: str, **content: Any) -> str:
        assert workbook == WORKBOOK
        if any((one["scope"], one["name"]) == (scope, name) for one in self.entries.values()):
            raise Refused(409)
        entry_id = uuid.uuid4().hex[:13]
        self.entries[entry_id] = {"entryId": entry_id, "scope": scope, "name": name, "revision": 1, **content}
        return entry_id

    def _change(self, entry_id: str, scope: str, **content: Any) -> None:
        one = self._one(entry_id, scope)
        one |= content | {"revision": one["revision"] + 1}

    def _one(self, entry_id: str, scope: str) -> Body:
        if self.entries.get(entry_id, {}).get("scope") != scope:
            raise Refused(404)
        return self.entries[entry_id]

    def _getWorkbook(self, body: Body) -> Body:
        if body["workbookId"] != WORKBOOK:
            raise Refused(404)
        return {"workbookId": WORKBOOK, "title": "Концерты"}

    def _getWorkbookEntries(self, body: Body) -> Body:
        """Two on a page, whatever is asked for, and with a path in their names."""
        listed = [
            {"entryId": entry_id, "scope": one["scope"], "type": "", "displayKey": f"12/{one['name']}"}
            for entry_id, one in self.entries.items()
        ]
        first = 2 * int(body["page"])
        more = {"nextPageToken": str(body["page"] + 1)} if len(listed) > first + 2 else {}
        return {"entries": listed[first : first + 2], **more}

    def _createConnection(self, body: Body) -> Body:
        kind = body.pop("type")
        dto.ConnectionCreateDTO(installation="yacloud", connection_type=kind, params=body)
        return {"id": self._add("connection", body.pop("name"), body.pop("workbook_id"), type=kind, values=body)}

    def _getConnection(self, body: Body) -> Body:
        one = self._one(body["connectionId"], "connection")
        shown = {name: value for name, value in one["values"].items() if name != "password"}
        return {"id": one["entryId"], "db_type": one["type"], "name": one["name"], "workbook_id": WORKBOOK, **shown}

    def _updateConnection(self, body: Body) -> Body:
        one = self._one(body["connectionId"], "connection")
        dto.ConnectionCreateDTO(installation="yacloud", connection_type=one["type"], params=body["data"])
        self._change(body["connectionId"], "connection", values=one["values"] | body["data"])
        return {}

    def _validateDataset(self, body: Body) -> Body:
        dataset = body["data"]["dataset"]
        for update in body["data"]["updates"]:
            action = update.pop("action")
            ((_, what),) = update.items()
            getattr(self, f"_do_{action}")(dataset, what)
        titles = [field["title"] for field in dataset["result_schema"]]
        assert len(titles) == len(set(titles)), titles
        for field in dataset["result_schema"]:
            assert set(re.findall(r"\[(.+?)\]", field.get("formula", ""))) <= {*titles}
        return {"dataset": dataset}

    def _do_add_source(self, dataset: Body, source: Body) -> None:
        dataset["sources"].append(source | {"valid": True})
        self._do_refresh_source(dataset, source)

    def _do_add_source_avatar(self, dataset: Body, avatar: Body) -> None:
        dataset["source_avatars"].append(avatar)
        self._do_refresh_source(dataset, {"id": avatar["source_id"]})

    def _do_refresh_source(self, dataset: Body, wanted: Body) -> None:
        (source,) = (one for one in dataset["sources"] if one["id"] == wanted["id"])
        self._one(source["connection_id"], "connection")
        columns = self.views[source["parameters"]["table_name"]]
        source["raw_schema"] = [{"name": name, "title": name, "user_type": _type(kind)} for name, kind in columns]
        known = {field["source"] for field in dataset["result_schema"]}
        dataset["result_schema"] += [
            {
                "guid": uuid.uuid4().hex, "title": name, "source": name, "calc_mode": "direct", "aggregation": "none",
                "type": "DIMENSION", "hidden": False, "cast": _type(kind), "data_type": _type(kind),
                "avatar_id": source["id"],
            }
            for name, kind in columns if dataset["source_avatars"] and name not in known
        ]  # fmt: skip

    def _do_update_description(self, dataset: Body, text: str) -> None:
        dataset["description"] = text

    def _do_add_field(self, dataset: Body, field: Body) -> None:
        assert field["guid"] not in [one["guid"] for one in dataset["result_schema"]]
        dataset["result_schema"].append({"source": "", "data_type": field["cast"], **field})

    def _do_update_field(self, dataset: Body, field: Body) -> None:
        next(one for one in dataset["result_schema"] if one["guid"] == field["guid"]).update(field)

    def _do_delete_field(self, dataset: Body, field: Body) -> None:
        dataset["result_schema"] = [one for one in dataset["result_schema"] if one["guid"] != field["guid"]]

    def _createDataset(self, body: Body) -> Body:
        return {"id": self._add("dataset", body["name"], body["workbook_id"], dataset=body["dataset"])}

    def _getDataset(self, body: Body) -> Body:
        one = self._one(body["datasetId"], "dataset")
        key = f"12/{one['name']}"
        return {"id": one["entryId"], "key": key, "workbook_id": WORKBOOK, "dataset": one["dataset"]}

    def _updateDataset(self, body: Body) -> Body:
        self._change(body["datasetId"], "dataset", dataset=body["data"]["dataset"])
        return {"dataset": {}}

    def _createWizardChart(self, body: Body) -> Body:
        dto.CreateWizardChartV1ArgsDTO.model_validate(body)
        self._judge_chart(body["data"])
        content = {"data": body["data"], "annotation": body["annotation"]}
        return self._getWizardChart({"chartId": self._add("widget", body["name"], body["workbookId"], **content)})

    def _judge_chart(self, data: Body) -> None:
        (dataset_id,) = data["sources"]["datasetsIds"]
        known = {field["guid"] for field in self._one(dataset_id, "dataset")["dataset"]["result_schema"]}
        used = set(re.findall(r'"guid": "(.+?)"', json.dumps(data, ensure_ascii=False)))
        assert used and used <= known, used - known

    def _getWizardChart(self, body: Body) -> Body:
        one = self._one(body["chartId"], "widget")
        kind = {"flatTable": "table_wizard_node", "metric": "metric_wizard_node"}
        entry = {
            "entryId": one["entryId"], "key": f"12/{one['name']}", "scope": "widget", "data": one["data"], "version": 1,
            "type": kind.get(one["data"]["visualization"]["type"], "graph_wizard_node"), "annotation": one["annotation"],
            "createdAt": "", "createdBy": "", "updatedAt": "", "updatedBy": "", "hidden": False, "public": False,
            "meta": None, "publishedId": "r", "savedId": "r", "revId": "r", "tenantId": ORG, "workbookId": WORKBOOK,
        }  # fmt: skip
        dto.WizardV1ReadDTO.model_validate(entry)
        return {"entry": entry}

    def _updateWizardChart(self, body: Body) -> Body:
        dto.UpdateWizardV1ArgsDTO.model_validate(body)
        assert body["mode"] == "publish"
        self._judge_chart(body["data"])
        self._change(body["chartId"], "widget", data=body["data"], annotation=body["annotation"])
        return self._getWizardChart(body)

    def _createDashboard(self, body: Body) -> Body:
        dto.CreateDashboardV2ArgsDTO.model_validate(body)
        entry = body["entry"]
        self._judge_dashboard(entry["data"])
        content = {"data": entry["data"], "annotation": entry["annotation"]}
        return self._getDashboard({"dashboardId": self._add("dash", entry["name"], entry["workbookId"], **content)})

    def _judge_dashboard(self, data: Body) -> None:
        used = re.findall(r'"chartId": "(.+?)"', json.dumps(data))
        assert used and all(self._one(one, "widget") for one in used)

    def _getDashboard(self, body: Body) -> Body:
        one = self._one(body["dashboardId"], "dash")
        told = {name: one[name] for name in ("entryId", "data", "annotation")}
        return {"entry": {"key": f"12/{one['name']}", "workbookId": WORKBOOK, "meta": None, **told}}


def _type(kind: str) -> str:
    plain = _ADDED.sub("", kind)
    return "genericdatetime" if plain.startswith("DateTime") else _TYPES[re.match("[A-Za-z]+", plain)[0]]  # type: ignore[index]


@contextmanager
def datalens(views: Mapping[str, Sequence[tuple[str, str]]]) -> Iterator[DataLens]:
    stand_in = DataLens(views)

    class Handler(Silent):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # A reply in one piece: two would wait for each other.

        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers["Content-Length"]))
            # Numbers are as JavaScript has them: 36.0 is 36.
            body = json.loads(
                sent, parse_float=lambda text: int(number) if (number := float(text)) % 1 == 0 else number
            )
            try:
                status, reply = 200, stand_in.answer(self.path.removeprefix("/rpc/"), body, self.headers)
            except Refused as refused:
                # An API that shows what it was sent.
                said = f"{self.headers['Authorization']} {body}"
                status, reply = refused.args[0], {"code": "ERR.X", "message": said}
            except Exception as error:  # noqa: BLE001 - what DataLens would not have taken.
                status, reply = 400, {"code": "ERR.STAND_IN", "message": repr(error)}
            self.answer(status, json.dumps(reply).encode(), {"x-request-id": "req-7"})

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    stand_in.url = f"http://127.0.0.1:{server.server_port}"
    with serving(server):
        yield stand_in
