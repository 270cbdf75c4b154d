"""A sample of `make drill`: a short healthy life is silent, and defects that an exact comparison sees are seen at once."""

from pathlib import Path

import pytest

from drill.job import Job, live

pytestmark = pytest.mark.slow


def test_a_short_life_is_silent_and_defects_of_marts_are_seen(clickhouse_dsn: str, tmp_path: Path) -> None:
    job = Job("first weeks", 11, mornings=3, defects=1, orders_a_day=30, only="of a mart", longest=1, after=0)
    lived = live(job, clickhouse_dsn, str(tmp_path))
    assert lived.alarms == []
    assert lived.failed == 0
    assert lived.seen
    assert [one.words for one in lived.seen if one.delay != 0] == []
