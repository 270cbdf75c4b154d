"""Malformed payloads: a true reply of an endpoint, changed by a few steps that hypothesis draws.

A step knows no API: it takes random places of a JSON body, or of a TSV report, whose rows it sees as objects. What it
puts there is never another valid figure, date or state, nor nothing, since nobody could tell such a reply from a true
one: lists and fields that lack something are in the table.
"""

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from sandbox.world.secrets import MARK
from tests.faults.bodies import of_document
from tests.faults.table import ENDPOINTS, FREE, Endpoint

EMAIL, PHONE, NAME = f"{MARK}.person@mail.example.invalid", "+7 (916) 555-01-37", "Зинаида Пробная-Тестова"
CARD, BARCODE, TOKEN = "4276 1600 5550 1374", "№ 871234567890", f"{MARK}-token-0123456789abcdef"
MARKS = (EMAIL, PHONE, "+79165550138", NAME, CARD, BARCODE, TOKEN)
"""A person's data. None may be in anything written."""
_IN_TEXT = (EMAIL, PHONE, "+79165550138")
"""What free text is planted with: no program can tell a name in the name of an event."""
_PERSON = {"email": EMAIL, "phone": PHONE, "client_name": NAME, "card": CARD}
_ODD = (
    "\x1b[31mred\x1b]0;title\x07", "\ud83d", "a\x00b", "\u202egpj.exe", "😀👨‍👩‍👧", "=1+1;cmd|' /C calc'!A0", "<script>alert(1)</script>",
    "](http://elsewhere.invalid) **b**", "<!channel> <@U1>", "'; DROP TABLE x; --", "\r\n\r\n", "\t\t", "\u0661\u0662", "1e400", "1_000",
    "NaN", "\x85\u2028",
)  # fmt: skip
_PLAIN = (str, int, float, bool, type(None))
_MOST_PLACES = 500
Step = tuple[str, int, str]
Place = tuple[Any, Any, str]
"""What holds a value, its key or index there, and the name of the field."""
BY_NAME = {f"{endpoint.api}-{endpoint.name}": endpoint for endpoint in ENDPOINTS}


@dataclass(frozen=True)
class Payload:
    """`state`, `times`: as in the table of faults. A step is its name, a seed of the places and a text."""

    endpoint: str
    state: str
    times: str
    steps: tuple[Step, ...]

    @property
    def of(self) -> Endpoint:
        return BY_NAME[self.endpoint]


@st.composite
def payloads(draw: st.DrawFn) -> Payload:
    name = draw(st.sampled_from(sorted(BY_NAME)))
    times = ("once", "second", "lasting") if BY_NAME[name].paged else ("once", "lasting")
    # The last letter keeps it from being a number.
    text = st.sampled_from(_ODD) | st.text(st.characters(), max_size=20).map(lambda drawn: f"{drawn}¤")
    step = st.tuples(st.sampled_from(_OFTEN), st.integers(0, 10**6), text)
    steps = draw(st.lists(step, min_size=1, max_size=3))
    state = draw(st.sampled_from(("fresh", "loaded")))
    return Payload(name, state, draw(st.sampled_from(times)), tuple(steps))


@dataclass
class Malformed:
    """What a server sends of a payload. `touched`: the fields whose value was changed."""

    payload: Payload
    touched: set[str] = field(default_factory=set)

    def body(self, body: bytes) -> bytes:
        for name, place, text in self.payload.steps:
            body = STEPS[name](body, random.Random(place), text, self)
        return body


Edit = Callable[[bytes, random.Random, str, Malformed], bytes]


def _places(document: Any) -> Iterator[Place]:
    nodes = [(document, "")]
    while nodes:
        node, name = nodes.pop()
        for key, value in node.items() if isinstance(node, dict) else enumerate(node):
            inner = key if isinstance(key, str) else name
            yield node, key, inner
            if isinstance(value, dict | list):
                nodes.append((value, inner))


def _some(document: Any, rng: random.Random, keep: Callable[[Any, Any, str], bool]) -> list[Place]:
    """One place, a few, or all of one field."""
    places = [p for p in _places(document) if keep(*p)] if isinstance(document, dict | list) else []
    if not places:
        return []
    first = rng.choice(places)
    if (how := rng.randrange(4)) == 3:
        return [place for place in places if place[2] == first[2]][:_MOST_PLACES]
    return [first] if how < 2 else rng.sample(places, min(len(places), rng.randint(2, 6)))


def _document(change: Callable[[Any, random.Random, str, Malformed], None]) -> Edit:
    """The step that changes the parsed body."""

    def edit(body: bytes, rng: random.Random, text: str, of: Malformed) -> bytes:
        return of_document(lambda document: [change(document, rng, text, of), document][1])(body)

    return edit


_SAME = object()


def _values(
    new: Callable[[Any, str, random.Random, str], Any], only: Any = _PLAIN, most: int = _MOST_PLACES
) -> Edit:
    """The step that gives some values new ones; `new` gets value, field, random, text, and `_SAME` to let it be."""

    def change(document: Any, rng: random.Random, text: str, of: Malformed) -> None:
        for holder, key, name in _some(document, rng, lambda node, key, _: isinstance(node[key], only))[:most]:
            is_let = new is _marked and name in FREE
            value = _SAME if is_let else new(holder[key], name, rng, text)
            if value is not _SAME:
                holder[key] = value
                of.touched.add(name)

    return _document(change)


def _swapped(value: Any, name: str, rng: random.Random, text: str) -> Any:
    number = () if isinstance(value, bool) else (True, 10**40, -(10**40), 1.5e300, float("nan"), float("inf"))
    return rng.choice((*number, [value, value], {"value": [value]}, {"id": text}, [[text]], text, f"{text}{value}"))


def _nested(value: Any, name: str, rng: random.Random, _text: str) -> Any:
    for _ in range(rng.choice([1, 3, 90, 150, 900])):
        value = [value] if rng.random() < 0.5 else {name: value}
    return value


def _marked(value: Any, name: str, rng: random.Random, _text: str) -> Any:
    """A person's data in the place of a value, beside it or beneath it."""
    mark = rng.choice(_IN_TEXT if name in FREE else MARKS)
    return rng.choice((mark, f"{value} {mark}", [mark], *(() if name in FREE else (_PERSON, [_PERSON]))))


def _huge(_value: Any, _name: str, rng: random.Random, text: str) -> Any:
    """Up to four megabytes of it on the wire."""
    return text * (rng.randint(1, 4) * 2**20 // max(1, len(json.dumps(text))))


def _extra(document: Any, rng: random.Random, text: str, of: Malformed) -> None:
    """Fields that nobody asked for, with a person in them. In a report a cell too many is a part of the name."""
    is_report = isinstance(document, dict) and "header" in document
    of.touched |= FREE if is_report else set()
    person = {} if is_report else _PERSON
    marks = {} if is_report else {"barcode": BARCODE, "token": TOKEN}
    for holder, _, _ in _some(document, rng, lambda node, *_: isinstance(node, dict)):
        holder |= {rng.choice(["client", "buyer", text]): person | {"odd": text}, **marks}


def _cut(body: bytes, rng: random.Random, _text: str, _of: Malformed) -> bytes:
    return body[: rng.choice([rng.randrange(len(body) + 1), max(0, len(body) - rng.randint(1, 40))])]


def _put(body: bytes, rng: random.Random, _text: str, of: Malformed) -> bytes:
    """Bytes that are no letter, somewhere."""
    of.touched |= FREE
    at = rng.randrange(len(body) + 1)
    bad = rng.choice([b"\x00", b"\xff\xfe", b"\xd0", b"\x1b[2J", b"\n", b"\\", b'"', b"\xed\xa0\xbd", b"<b>"])
    return body[:at] + bad * rng.choice([1, 1, 5000]) + body[at:]


def _wrapped(body: bytes, rng: random.Random, text: str, _of: Malformed) -> bytes:
    """A page, a callback or a list around it, the body twice, or an error in words of any API."""
    error = {"error_msg": EMAIL, "error_string": PHONE, "message": NAME, "code": text}
    error["error_code"] = rng.choice((1, text, 10**4000))
    said = {"error": error, "status": "error", "info": TOKEN, "code": text}
    errors = [json.dumps(said).encode(), json.dumps(said | {"error": text}).encode()]
    around = [b"<html>" + body, b"cb(" + body + b")", b"[" + body + b"]", body + body, b" " * 10**6 + body]
    return rng.choice([*errors, *around, b"", b"null", b"0", b"[" * 10**5])


STEPS: dict[str, Edit] = {
    "swap": _values(_swapped), "nest": _values(_nested, only=object), "mark": _values(_marked),
    "huge": _values(_huge, most=1), "extra": _document(_extra), "cut": _cut, "bytes": _put, "wrap": _wrapped,
}  # fmt: skip
_OFTEN = (*sorted(STEPS.keys() - {"huge"}) * 4, "huge")
