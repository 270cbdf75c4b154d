"""Any bytes become plain values with text that can be stored, or an error of a few words; of odd values only the type
is kept."""

import contextlib
import json
import tracemalloc
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.fetch import kinds
from tasks.fetch.decode import TooLarge, Undecodable, json_of, text_of_bytes, without_surrogates
from tasks.fetch.http import TryAgain, as_json

MB = 2**20
MENDED: dict[str, tuple[bytes, Any]] = {
    "half a surrogate": (rb'{"a": "\ud83c_01_10"}', {"a": "�_01_10"}),
    "a whole pair and a half, also in a key": (rb'{"\uDF89": ["\ud83c\udf89\ud83c"]}', {"�": ["🎉�"]}),
    "a backslash before what looks like one": (rb'["\\ud83c"]', [r"\ud83c"]),
    "a bad byte": (b'["osen\xff"]', ["osen�"]),
    "NUL, escaped and raw": (b'["a\\u0000b", "c\x00d"]', ["a�b", "c�d"]),
    "a raw line feed": (b'["a\nb"]', ["a\nb"]),
    "NaN": (b"[NaN, -1E+999]", ["NaN", "-1E+999"]),
    "fractions": (b"[499.50000000000011, 0.10, 490.0]", ["499.50000000000011", "0.10", "490.0"]),
    "long numbers": (b"[18446744073709551617, " + b"9" * 10_000 + b"]", [18446744073709551617, "9" * 10_000]),
}
REFUSED: dict[str, tuple[bytes, str]] = {
    "nothing": (b" \n", "an empty body"),
    "a page behind a byte order mark": (b"\xef\xbb\xbf<html>busy</html>", "a page instead of data"),
    "a cut object": (b'{"data": [', "something that is not JSON"),
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


def test_json_of_more_values_than_any_reply_has_is_refused_before_it_takes_memory() -> None:
    body = b"[" + b"[]," * 5_000_000 + b"1]"
    tracemalloc.start()
    with pytest.raises(TooLarge, match="more than 1000000 values"):
        json_of(body)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 50 * MB


@given(st.binary() | st.text().map(lambda text: json.dumps([text]).encode()))
def test_no_bytes_raise_anything_else(content: bytes) -> None:
    text_of_bytes(content).encode()
    with contextlib.suppress(Undecodable):
        json.dumps(json_of(content), ensure_ascii=False, allow_nan=False).encode()


def test_text_outside_json_is_mended_too() -> None:
    reports = (b"\xef\xbb\xbfDate\tCost", b"a\xffb\x00c\xd0", "Дата".encode("utf-16"))
    assert [text_of_bytes(report) for report in reports] == ["Date\tCost", "a�b�c�", "Дата"]
    assert [without_surrogates(text) for text in ("a\ud83cb", "\ud83c\udf89")] == ["a�b", "🎉"]


# --- the kind of a field ---

NUMBERS = ["-1.50", "4.995e2", "1 200,00", "12,50 руб", "--", "", "NaN", "9" * 60]
INSTANTS = ["2026-11-20T12:21:31+03:00", "0000-00-00 00:00:00", "01.06.2025 12:23", "1748770000", "2026-03-01", ""]


@pytest.mark.parametrize(
    ("kind", "texts"), [(kinds.number, NUMBERS), (kinds.instant, INSTANTS)], ids=["number", "instant"]
)
def test_a_number_or_date_stays_whether_it_is_right_or_not(kind: kinds.Kind, texts: list[str]) -> None:
    assert [kind(text) for text in texts] == texts


@pytest.mark.parametrize("kind", [kinds.number, kinds.instant, kinds.flag, kinds.code])
def test_of_anything_else_only_its_type_is_stored(kind: kinds.Kind) -> None:
    values = [{"email": "a@b.example"}, "7 a@b.example", "+79161234567", "4276 1600 5550 1374", "٤٩", 10**70, None]
    stored = [kind(value) for value in values]
    sizes = [len(str(value)) for value in values[1:-1]]
    assert stored == ["an object", *(f"text of {size} characters" for size in sizes), None]
