"""What hostile replies may cost in memory, measured in a process of its own."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.types import ASGIApp

from tests.tasks.fetch.applications import Raw

MB = 2**20
MOST_MB = 300
"""Beyond what a healthy fetch takes."""
FITS = 16 * MB - 100
"""Bytes that the limit lets through."""
GZIP = {"Content-Encoding": "gzip"}
HEALTHY = {"data": [{"id": 1, "city": "a"}], "paging": {"total": 1, "perPage": 100, "currentPage": 1}}


def bomb(size: int) -> bytes:
    """gzip of so many MB of nothing, without the checksum: one packed MB again and again."""
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    head = packer.compress(bytes(MB)) + packer.flush(zlib.Z_FULL_FLUSH)
    return head + (packer.compress(bytes(MB)) + packer.flush(zlib.Z_FULL_FLUSH)) * (size - 1)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the highest mark of memory is read there")
def test_no_hostile_reply_takes_300_mb_more_than_a_healthy_one(base_url_of: Callable[[ASGIApp], str]) -> None:
    fetches = [
        ("events", Raw(json.dumps(HEALTHY).encode())),
        ("events", Raw(bomb(1600), GZIP)),
        ("events", Raw(bomb(1600), GZIP, status=500)),
        ("events", Raw(gzip.compress(bomb(1600), 1), {"Content-Encoding": "gzip, gzip"})),
        ("events", Raw(b"[" + b"[]," * (FITS // 3) + b"1]")),
        ("events", Raw(b"[" + (b"[" * 90 + b"]" * 90 + b",") * 10_000 + b"1]")),
        ("events", Raw(b'["' + rb"ab\ud83c" * (FITS // 8) + b'"]')),
        ("events", Raw(b'["' + rb"\na" * (FITS // 3 - 2) + rb'\ud83c"]')),
        # Half a million lines, and a letter that makes all the others four bytes long.
        ("report", Raw("\N{PARTY POPPER}\n".encode() + (b"2026-11-20\t".ljust(48, b"1") + b"\n") * 499_999)),
    ]
    marks = []
    for what, app in fetches:
        mark, said = told_by(f"{what}={base_url_of(app)}")
        assert (said == "answered") == (not marks)
        marks.append(mark)
    assert max(marks) - marks[0] < MOST_MB


def told_by(fetch: str) -> tuple[int, str]:
    """Of a process of its own, as each load is: the highest mark of its memory, and what came of the fetch."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.tasks.fetch.hungry", fetch],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    mark, said = done.stdout.strip().split("\t")
    return int(mark), said
