"""Deployments on a Prefect server that is not ours alone."""

import pytest
from prefect.client.orchestration import get_client

from ops.server.deployments import _refuse_strangers
from tasks.errors import ZakazError
from tests.support.prefect_server import PrefectServer

pytestmark = pytest.mark.slow


def test_a_deployment_of_somebody_else_is_not_taken_over(prefect: PrefectServer) -> None:
    with get_client(sync_client=True) as client:
        flow = client.create_flow_from_name("backup")
        client.create_deployment(flow, "theirs", tags=["another team"])
        client.create_deployment(flow, "ours", tags=["zakaz"])

        with pytest.raises(ZakazError, match=r"not of Zakaz: backup/theirs\. Nothing was deployed"):
            _refuse_strangers(client, ["backup/theirs", "backup/ours", "backup/new"])
        _refuse_strangers(client, ["backup/ours", "backup/new", "never/seen"])
