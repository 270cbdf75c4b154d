"""As many ids a call as a service takes."""

from __future__ import annotations

from collections.abc import Iterator


def batches(ids: list[int], size: int) -> Iterator[list[int]]:
    for start in range(0, len(ids), size):
        yield ids[start : start + size]
