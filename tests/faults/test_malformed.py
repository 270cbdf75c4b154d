"""A malformed payload ends exact, counted or refused in a line: no traceback, no person's mark, no flood of memory.

A few of them; `python -m tests.faults --payloads 10000` carries out as many as are wanted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings

from tests.faults.bench import Bench
from tests.faults.malform import MARKS, STEPS, Malformed, Payload, payloads
from tests.faults.trial import Trial, trial


@pytest.fixture(scope="module")
def tried(made: Bench, bench_folder: Path) -> Iterator[Trial]:
    with trial(made, bench_folder) as ready:
        yield ready


@pytest.mark.slow
@settings(
    max_examples=120,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    database=None,
)
@given(payload=payloads())
@example(Payload("direct-adgroups", "loaded", "lasting", (("wrap", 17999, "x"),)))
def test_a_malformed_payload_is_exact_counted_or_refused(tried: Trial, payload: Payload) -> None:
    verdict = tried.judge(payload)
    assert verdict.word != "WRONG", f"{payload} {verdict}"


@pytest.mark.parametrize("step", STEPS)
def test_each_step_changes_json_and_reports(step: str) -> None:
    page = json.dumps(
        {"data": [{"id": n, "price": "10.50", "rows": [{"clicks": n}]} for n in range(1, 9)]}
    ).encode()
    report = b"Date\tClicks\n2026-03-01\t3\n2026-03-02\t4\nTotal rows: 2\n"
    for body in (page, report):
        payload = [Malformed(Payload("direct-ads", "fresh", "once", ((step, seed, "odd"),))) for seed in range(60)]
        assert any(one.body(body) != body or one.wire for one in payload)
        assert payload[7].body(body) == payload[7].body(body), "the same payload is the same bytes"


def test_a_payload_is_read_back_from_its_text() -> None:
    payload = Payload("vk-user", "fresh", "once", (("swap", 7, "\ud83d\x1b"), ("mark", 8, MARKS[0])))
    assert Payload.read(str(payload)) == payload
