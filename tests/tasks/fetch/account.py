"""An account of ads behind a stand-in, which a test may change: its figures, wrong replies, the one line of a refusal."""

import json
import traceback
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from sandbox.world.secrets import MARK
from tasks.errors import SourceError
from tasks.landing import Fetched
from tests.flows.ad_truth import Fact, FactKey

Facts = dict[FactKey, Fact]
UNTIL = datetime(2026, 1, 20, 15, 30, tzinfo=UTC)
"""When the world ends."""
ALWAYS = 99
"""Times that a fault happens: more often than anybody calls."""


def by_key(rows: Iterable[dict[str, str | None]]) -> Facts:
    """Figures of fetched rows, `--` and null as 0; a key that came twice is a failure."""
    found: Facts = {}
    for row in rows:
        text = {name: "0" if value in ("--", None) else str(value) for name, value in row.items()}
        day = date.fromisoformat(text["stat_date"])
        key = (day, int(text["campaign_id"]), int(text["ad_group_id"]), int(text["ad_id"]))
        assert key not in found, f"{key} came twice"
        spent = Decimal(text["cost"] if "cost" in text else text["spent"])
        found[key] = (int(text["impressions"]), int(text["clicks"]), spent, int(text["conversions"]))
    return found


class AdAccount:
    """`api`: the stand-in. `base`: how its paths begin, which need not be given."""

    api: Any
    base = ""

    def fetch(self, *_values: Any, **_options: Any) -> Fetched:
        raise NotImplementedError

    def refused(self, **options: Any) -> SourceError:
        """The error that a fetch ends with: one line, and no secret of the sandbox in it or in its traceback."""
        with pytest.raises(SourceError) as caught:
            self.fetch(**options)
        assert "\n" not in str(caught.value)
        assert MARK not in "".join(traceback.format_exception(caught.value)) + repr(caught.value)
        return caught.value

    def fail(self, kind: str, path: str, times: int = ALWAYS, **options: Any) -> None:
        self.api.faults.add(kind, self.base + path, times=times, **options)

    def edit(self, path: str, change: Callable[[Any], Any], times: int = ALWAYS) -> None:
        """`change` gets the reply's JSON, and changes it or returns another."""

        def call(body: bytes) -> bytes:
            document = json.loads(body)
            changed = change(document)
            return json.dumps(document if changed is None else changed).encode()

        self.fail("edit", path, times, call=call)
