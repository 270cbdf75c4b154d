"""Any bytes of a reply become plain values with text that can be stored, or an error of a few words."""

from __future__ import annotations

import contextlib
import json
import tracemalloc
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.fetch.decode import TooLarge, Undecodable, json_of, text_of_bytes, without_surrogates
from tasks.fetch.http import TryAgain, as_json

MB = 2**20
MENDED: dict[str, tuple[bytes, Any]] = {
    "half a surrogate": (rb'{"a": "\ud83c_01_10"}', {"a": "�_01_10"}),
    "a whole pair and a half": (rb'["\ud83c\udf89\ud83c"]', ["🎉�"]),
    "two first halves": (rb'["\ud83c\ud83c\udf89"]', ["�🎉"]),
    "half a surrogate in capitals, in a key": (rb'{"\uD83C": {"x\uDF89": 1}}', {"�": {"x�": 1}}),
    "a surrogate cut within its digits": (rb'["\ud83"]', ["�"]),
    "a backslash before what looks like one": (rb'["\\ud83c"]', [r"\ud83c"]),
    "a bad byte": (b'["osen\xff"]', ["osen�"]),
    "another encoding": ("[1]".encode("utf-16"), [1]),
    "a byte order mark": (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
    "NUL, escaped and raw": (b'["a\\u0000b", "c\x00d"]', ["a�b", "c�d"]),
    "a raw line feed": (b'["a\nb"]', ["a\nb"]),
    "NaN and infinities": (b"[NaN, Infinity, -1E+999]", ["NaN", "Infinity", "-1E+999"]),
    "fractions": (b"[499.50000000000011, 0.10, 490.0]", ["499.50000000000011", "0.10", "490.0"]),
    "long numbers": (b"[18446744073709551617, " + b"9" * 10_000 + b"]", [18446744073709551617, "9" * 10_000]),
    "a key that comes twice": (b'{"a": 1, "a": 2}', {"a": 2}),
    "nested 100 deep": (b"[" * 100 + b"]" * 100, json.loads("[" * 100 + "]" * 100)),
}
REFUSED: dict[str, tuple[bytes, str]] = {
    "nothing": (b" \n", "an empty body"),
    "a page behind a byte order mark": (b"\xef\xbb\xbf<html>busy</html>", "a page instead of data"),
    "a cut object": (b'{"data": [', "something that is not JSON"),
    "random bytes": (bytes(range(128, 256)), "something that is not JSON"),
    "100,000 lists": (b"[" * 100_000, "JSON that is nested too deep"),
    "101 lists": (b"[" * 101 + b"]" * 101, "JSON that is nested too deep"),
}


@pytest.mark.parametrize(("body", "value"), MENDED.values(), ids=MENDED)
def test_an_odd_text_or_number_costs_itself_and_no_more(body: bytes, value: Any) -> None:
    assert json_of(body) == value


@pytest.mark.parametrize(("body", "words"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_json_is_tried_again(body: bytes, words: str) -> None:
    with pytest.raises(TryAgain, match=f"^HTTP 200 with {words}$") as caught:
        as_json(httpx.Response(200, content=body))

    assert caught.value.few


@pytest.mark.parametrize(
    "body", [b"[" + b"[]," * 500_000 + b"1]", ("{" + '"a":0,' * 1_000_000 + '"b":0}').encode("utf-16")]
)
def test_json_of_more_values_than_any_reply_has_is_refused(body: bytes) -> None:
    with pytest.raises(TooLarge, match="more than 1000000 values"):
        json_of(body)


@pytest.mark.parametrize(
    "body", [b"[" + (b"[" * 90 + b"]" * 90 + b",") * 10_000 + b"1]", b'["' + rb"\na" * (5 * MB) + rb'\ud83c"]']
)
def test_no_json_of_16_mb_takes_300_mb_of_memory(body: bytes) -> None:
    tracemalloc.start()
    with contextlib.suppress(Undecodable):
        json_of(body)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 300 * MB


@given(st.binary() | st.text().map(lambda text: json.dumps([text]).encode()))
def test_no_bytes_raise_anything_else(content: bytes) -> None:
    text_of_bytes(content).encode()
    with contextlib.suppress(Undecodable):
        json.dumps(json_of(content), ensure_ascii=False, allow_nan=False).encode()


def test_text_outside_json_is_mended_too() -> None:
    reports = (b"\xef\xbb\xbfDate\tCost", b"a\xffb\x00c\xd0", "Дата".encode("utf-16"))

    assert [text_of_bytes(report) for report in reports] == ["Date\tCost", "a�b�c�", "Дата"]
    assert [without_surrogates(text) for text in ("a\ud83cb", "\ud83c\udf89", "\udf89\ud83c")] == [
        "a�b",
        "🎉",
        "��",
    ]
