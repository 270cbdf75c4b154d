"""The form in which a person runs a deployment: Prefect makes it of the flow's parameters."""

from __future__ import annotations

from typing import Any

import pytest
from prefect import Flow
from tasks.sources.registry import SOURCES

from flows.backfill import backfill
from flows.quality import quality

FORMS = [*(registered.flow for registered in SOURCES.values()), backfill, quality]


def fields_of(flow: Flow[..., Any]) -> dict[str, dict[str, Any]]:
    return flow.parameters.model_dump()["properties"]


@pytest.mark.parametrize("flow", FORMS, ids=lambda flow: flow.name)
def test_every_field_has_a_title_in_words_and_says_what_it_does(flow: Flow[..., Any]) -> None:
    for name, field in fields_of(flow).items():
        assert field["title"] != name
        assert field["title"][0].isupper()
        assert field.get("description"), name


def test_the_source_of_a_backfill_is_chosen_from_a_list_that_is_explained() -> None:
    source = fields_of(backfill)["source"]

    assert source["enum"] == ["qtickets", "vk_ads", "direct"]
    assert source["description"] == "qtickets: QTickets; vk_ads: VK Ads; direct: Yandex Direct"


@pytest.mark.parametrize("flow", FORMS[:3], ids=lambda flow: flow.name)
def test_a_number_of_days_out_of_reason_is_refused_before_there_is_a_run(flow: Flow[..., Any]) -> None:
    days = fields_of(flow)["days"]

    assert (days["minimum"], days["maximum"]) == (1, 1100)
