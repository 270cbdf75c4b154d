"""What starts Zakaz without containers, what the server is told to run, the pages for people, and the
tests that SECURITY.md promises: all of it is there, under these names."""

import ast
import inspect
import re
from pathlib import Path

import pytest
from prefect.events.schemas.automations import AutomationCore
from prefect.flows import load_flow_from_entrypoint

from ops.server.manifest import AUTOMATIONS_YAML, OURS, PART, PREFECT_YAML, read
from tasks.sources import SOURCES
from tests.ops.files import ROOT

HARDENED = set(
    "User=zakaz EnvironmentFile=/etc/zakaz/zakaz.env Restart=always NoNewPrivileges=true ProtectSystem=strict "
    "ProtectHome=true PrivateTmp=true ReadWritePaths=/var/lib/zakaz CapabilityBoundingSet= WantedBy=multi-user.target".split()
)
HOURS = {
    "qtickets/nightly": ["20 3 * * *"], "vk_ads/nightly": ["30 3 * * *"], "direct/nightly": ["40 3 * * *"],
    "qtickets/weekly": ["50 4 * * 0"], "vk_ads/weekly": ["0 5 * * 0"], "direct/weekly": ["10 5 * * 0"],
    "quality/regular": ["5 */2 * * *", "1 10 * * *"], "quality/nightly": ["15 4 * * *"],
    "backup/nightly": ["30 5 * * *"], "digest/daily": ["10 9 * * *", "40 9-11 * * *"], "report/daily": ["0 9 * * *"],
}  # fmt: skip
"""Written out here again: they are what people were promised."""


@pytest.mark.parametrize("unit", ["zakaz-prefect.service", "zakaz-worker@.service"])
def test_a_unit_runs_as_a_user_of_its_own_and_writes_to_one_folder(unit: str) -> None:
    assert set((ROOT / "ops" / "systemd" / unit).read_text("utf-8").splitlines()) >= HARDENED


def test_every_deployment_is_of_a_flow_that_takes_its_parameters_at_moscow_hours_on_a_queue_of_its_own() -> None:
    loaded, hours = set(), {}
    for one in read(PREFECT_YAML)["deployments"]:
        flow = load_flow_from_entrypoint(one["entrypoint"])
        hours[f"{flow.name}/{one['name']}"] = [schedule["cron"] for schedule in one.get("schedules", [])]
        assert one.get("parameters", {}).keys() <= inspect.signature(flow.fn).parameters.keys(), one["name"]
        assert {schedule["timezone"] for schedule in one.get("schedules", [])} <= {"Europe/Moscow"}
        assert "zakaz" in one["tags"], "the automations look for it"
        assert int(one["work_pool"]["job_variables"]["env"]["PREFECT_FLOWS_HEARTBEAT_FREQUENCY"]) * 3 < 300
        if "load" in one["tags"]:
            assert flow.name in one["tags"] and one["work_pool"]["work_queue_name"] == flow.name
            loaded.add((flow.name, one["name"]))
    assert loaded >= {(source, name) for source in SOURCES if source != "costs" for name in ("nightly", "weekly")}
    assert hours.items() >= HOURS.items()


def test_every_automation_parses_and_each_source_is_missed() -> None:
    declared = read(AUTOMATIONS_YAML)["automations"]
    for one in declared:
        actions = [{**action, "block_document_id": "0" * 32} for action in one["actions"]]
        AutomationCore.model_validate({**one, "actions": actions})
    related = [one["trigger"]["match_related"]["prefect.resource.id"] for one in declared]
    # Of a run within another a sign of life is missed; of its end the outer one tells.
    assert [f"prefect.tag.{OURS}", f"prefect.tag.{PART}"] in related
    alone = {one for one in related if isinstance(one, str)}
    assert alone == {f"prefect.tag.{tag}" for tag in {OURS, *SOURCES} - {"costs"}}


def test_each_test_that_stands_for_a_promise_is_there() -> None:
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", (ROOT / "SECURITY.md").read_text())
    assert len(named) > 15
    for file, name in named:
        tree = ast.parse((ROOT / "tests" / file).read_text())
        assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}, (file, name)


def headings(page: Path) -> set[str]:
    """As a link names them."""
    found = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in found}


def test_every_link_of_a_page_leads_to_a_file_and_a_heading_of_it_and_each_has_a_russian_twin() -> None:
    for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]:
        text = page.read_text("utf-8")
        links = re.findall(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)", text)
        targets = [(page.parent / file if file else page, heading) for file, heading in links]
        assert [file for file, _ in targets if not file.exists()] == [], page
        assert [(file.name, one) for file, one in targets if one and one not in headings(file)] == [], page
        if page.parent.name == "docs" and not page.name.endswith(".ru.md"):
            russian = page.with_suffix(".ru.md")
            assert f"({russian.name})" in text and f"({page.name})" in russian.read_text("utf-8")
