"""The morning's report as a run in Prefect: kept, and found from the run's page."""

from datetime import timedelta
from pathlib import Path

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey

from tasks import settings
from tasks.window import moscow_today
from tests.support.prefect_server import PrefectServer

pytestmark = pytest.mark.slow


def test_the_report_is_kept_and_the_runs_page_sums_it_up_and_leads_there(
    prefect: PrefectServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.report import report

    monkeypatch.setattr(settings, "HOME", tmp_path)
    monkeypatch.setenv("CLICKHOUSE_DSN", f"chdb://{tmp_path / 'warehouse'}")
    monkeypatch.setenv("REPORT_URL", str(tmp_path / "reports"))

    state = report(return_state=True)

    kept = sorted(path.name for path in (tmp_path / "reports").iterdir())
    assert state.is_completed() and kept[-1] == "report.html"
    assert kept[0] in {f"report-{moscow_today() - timedelta(days=days)}.html" for days in (0, 1)}
    wanted = ArtifactFilter(key=ArtifactFilterKey(any_=["report"]))
    with get_client(sync_client=True) as client:
        (shown,) = client.read_artifacts(artifact_filter=wanted, sort="CREATED_DESC", limit=1)
    assert "Данных ещё нет" in str(shown.data) and kept[0] in str(shown.data)
