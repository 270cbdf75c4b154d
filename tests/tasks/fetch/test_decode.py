"""Whatever bytes a reply holds, they come to plain values with text that can be stored, or to a few words."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.fetch.decode import Undecodable, json_of, text_of_bytes, without_surrogates
from tests.tasks.fetch.applications import Raw
from tests.tasks.fetch.asking import Ask

MENDED: dict[str, tuple[bytes, Any]] = {
    "half a surrogate": (rb'{"a": "\ud83c_01_10"}', {"a": "�_01_10"}),
    "the other half": (rb'{"a": "\udf89"}', {"a": "�"}),
    "a whole pair and a half": (rb'["\ud83c\udf89\ud83c"]', ["🎉�"]),
    "two first halves": (rb'["\ud83c\ud83c\udf89"]', ["�🎉"]),
    "half a surrogate in capitals, in a key": (rb'{"\uD83C": {"x\uDF89": 1}}', {"�": {"x�": 1}}),
    "a surrogate cut within its digits": (rb'["\ud83"]', ["�"]),
    "a backslash before what looks like one": (rb'["\\ud83c"]', [r"\ud83c"]),
    "a surrogate as bytes": (b'["\xed\xa0\xbc"]', ["���"]),
    "a bad byte": (b'["osen\xff"]', ["osen�"]),
    "half a letter": (b'["\xd0"]', ["�"]),
    "another encoding": ("[1]".encode("utf-16"), [1]),
    "a byte order mark": (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
    "NUL, escaped and raw": (b'["a\\u0000b", "c\x00d"]', ["a�b", "c�d"]),
    "a raw line feed and tab": (b'["a\nb\tc"]', ["a\nb\tc"]),
    "NaN and infinities": (b"[NaN, Infinity, -Infinity]", ["NaN", "Infinity", "-Infinity"]),
    "a float beyond any": (b"[1e999, -1E+999]", ["1e999", "-1E+999"]),
    "a float's tail": (b"[499.50000000000011, 0.10]", ["499.50000000000011", "0.10"]),
    "a number beyond 64 bits": (b"[18446744073709551617]", [18446744073709551617]),
    "a number of 10,000 digits": (b"[" + b"9" * 10_000 + b"]", ["9" * 10_000]),
    "a key that comes twice": (b'{"a": 1, "a": 2}', {"a": 2}),
    "nested 100 deep": (b"[" * 100 + b"]" * 100, json.loads("[" * 100 + "]" * 100)),
}
REFUSED: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "an empty body"),
    "spaces": (b" \n", "an empty body"),
    "a page": (b"<html>busy</html>", "a page instead of data"),
    "a page behind a byte order mark": (b"\xef\xbb\xbf<html>busy</html>", "a page instead of data"),
    "a cut object": (b'{"data": [', "something that is not JSON"),
    "two values": (b"{} {}", "something that is not JSON"),
    "only NUL": (b"\x00" * 64, "something that is not JSON"),
    "random bytes": (bytes(range(128, 256)), "something that is not JSON"),
    "100,000 lists": (b"[" * 100_000 + b"]" * 100_000, "JSON that is nested too deep"),
    "100,000 lists that end": (b"[" * 100_000, "JSON that is nested too deep"),
    "100,000 objects": (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "JSON that is nested too deep"),
    "101 lists": (b"[" * 101 + b"]" * 101, "JSON that is nested too deep"),
}


@pytest.mark.parametrize(("body", "value"), MENDED.values(), ids=MENDED)
def test_an_odd_text_or_number_costs_itself_and_no_more(ask: Ask, body: bytes, value: Any) -> None:
    asked = ask(Raw(body))

    assert (asked.reply, asked.calls) == (value, 1)
    json.dumps(asked.reply, ensure_ascii=False, allow_nan=False).encode()  # can be stored and printed


@pytest.mark.parametrize(("body", "words"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_json_is_one_true_line_after_three_tries(ask: Ask, body: bytes, words: str) -> None:
    asked = ask(Raw(body))

    assert str(asked.error) == (
        f"Somewhere did not answer GET /orders in 3 tries: HTTP 200 with {words}. "
        "Nothing was loaded; the next run tries again."
    )
    assert asked.error is not None and asked.error.transient
    assert asked.calls == 3


@pytest.mark.parametrize(
    "body",
    [
        b"[" + b"[]," * 500_000 + b"1]",
        b"{" + b'"a":0,' * 1_000_000 + b'"b":0}',
        ("[" + "0," * 1_000_000 + "0]").encode("utf-16"),
    ],
    ids=["lists", "keys", "another encoding"],
)
def test_json_of_more_values_than_any_reply_has_is_refused_and_asked_for_once(ask: Ask, body: bytes) -> None:
    asked = ask(Raw(body))

    assert str(asked.error) == (
        "Somewhere answered GET /orders with more than 1000000 values, which is no plausible reply. Nothing was loaded. "
        "Load a narrower window."
    )
    assert asked.calls == 1


@given(st.binary() | st.text().map(lambda text: json.dumps([text]).encode()))
def test_no_bytes_raise_anything_else(content: bytes) -> None:
    text_of_bytes(content).encode()
    with contextlib.suppress(Undecodable):
        json.dumps(json_of(content), ensure_ascii=False, allow_nan=False).encode()


@given(st.recursive(st.text() | st.integers() | st.none(), lambda inner: st.dictionaries(st.text(), inner)))
def test_json_without_oddities_is_read_as_it_is(value: Any) -> None:
    """Escaped or not; NUL is an oddity."""
    value = json.loads(json.dumps(value).replace("\\u0000", "0"))

    assert json_of(json.dumps(value).encode()) == json_of(json.dumps(value, ensure_ascii=False).encode()) == value


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"\xef\xbb\xbfDate\tCost", "Date\tCost"),
        ("Осень".encode(), "Осень"),
        ("Осень".encode()[:-1], "Осен�"),
        (b"a\xffb\x00c", "a�b�c"),
        (b"\x00\xffDate", "��Date"),
        ("Дата".encode("utf-16"), "Дата"),
        (b"", ""),
    ],
)
def test_bytes_of_a_report_become_text_whatever_they_are(content: bytes, text: str) -> None:
    assert text_of_bytes(content) == text


@pytest.mark.parametrize(
    ("text", "scrubbed"),
    [("a\ud83cb", "a�b"), ("\ud83c\udf89", "🎉"), ("\udf89\ud83c", "��"), ("Осень🎉", "Осень🎉")],
)
def test_lone_surrogates_are_replaced_and_pairs_joined(text: str, scrubbed: str) -> None:
    assert without_surrogates(text) == scrubbed
